"""Records what ``docker stack deploy`` would write: compose files, Docker's CLI, and the recorder that it talks to."""
