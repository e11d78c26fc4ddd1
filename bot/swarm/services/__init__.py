"""Services and their tasks: what runs on a node, and where it could run."""
