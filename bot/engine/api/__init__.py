"""Docker Engine API calls of one host, over its SSH connection."""
