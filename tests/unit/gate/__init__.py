"""The gate's parts, over a real Redis."""
