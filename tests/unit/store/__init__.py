"""The Redis client, its scripts and what makes the server durable."""
