"""Tests without a process, a socket or a host."""
