"""Addresses, ports between hosts, and overlay networks."""
