"""Ports, interfaces and clocks of a host, examined by short shell programs on it."""
