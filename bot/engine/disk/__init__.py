"""What is on a host's disk: Docker's data root, the swarm state, key files, the Raft log; and throwaway engines."""
