"""``python -m bot doctor``: check the settings and everything they refer to, and say how to fix problems."""
