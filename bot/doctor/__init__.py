"""``python -m bot doctor``: what is wrong with the settings and all that they lead to, and what to do about it."""
