"""The audit log in a real Redis."""
