"""Addresses with a port, as engines name managers."""

from __future__ import annotations


def ip_of(endpoint: str) -> str:
    """The bare address of ``10.0.0.1:2377`` or ``[fd00::1]:2377``; "" of ""."""
    return endpoint.rpartition(":")[0].strip("[]")
