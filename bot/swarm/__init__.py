"""What Docker Swarm means: reading its facts, its operations, its quorum. No I/O of its own."""
