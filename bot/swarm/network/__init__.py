"""Addresses, the routes and ports between hosts, and overlay networks."""
