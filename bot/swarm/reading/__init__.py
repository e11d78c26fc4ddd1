"""From the answers of engines to Facts: which manager is asked, which host is which node."""
