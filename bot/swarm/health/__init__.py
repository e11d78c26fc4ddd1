"""What is wrong with a cluster, and what fixes it."""
