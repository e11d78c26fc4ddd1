"""Jobs in a real Redis."""
