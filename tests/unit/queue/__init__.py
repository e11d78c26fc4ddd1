"""The queue in a real Redis."""
