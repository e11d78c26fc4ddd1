"""Pending rotations of tokens, in a real Redis."""
