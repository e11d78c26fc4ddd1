"""What Docker Swarm means: arithmetic, addresses, certificates, health."""
