"""Promises to rotate a token."""
