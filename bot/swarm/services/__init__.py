"""Services and their tasks: what runs on a node, and on which nodes it could run."""
