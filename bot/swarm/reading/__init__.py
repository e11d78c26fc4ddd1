"""From the answers of engines to Facts: which manager is read, and which host is which node."""
