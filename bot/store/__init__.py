"""Redis: the client, the names of its keys, and what makes it durable."""
