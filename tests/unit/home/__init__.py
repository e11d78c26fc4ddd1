"""Home tabs."""
