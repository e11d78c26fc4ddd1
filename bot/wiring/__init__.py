"""Builds each process from its parts."""
