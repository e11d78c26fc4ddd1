"""A service's spec: edits of it, what differs between two, and what it says in words. Pure."""
