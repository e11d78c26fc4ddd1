"""Processes killed and servers restarted in the middle of things."""
