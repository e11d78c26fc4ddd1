"""Secrets: the type that hides them, masking in text, and encryption."""
