"""Looks at a machine and at the ways from it, which the Engine API lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Reach = Literal["open", "refused", "no answer"]
Transport = Literal["tcp", "udp"]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface that is up, with its global IPv4 and IPv6 addresses (no prefix lengths, no loopback)."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counters:
    """What a host's kernel has counted since it started, on all ports, behind its firewall.

    ``datagrams``: UDP datagrams that came, whether somebody listens or not. ``resets``: the resets with which it
    answered connections to ports that nobody listens on; those that a firewall sends in its place are not among them.
    """

    datagrams: int
    resets: int


class Prober(Protocol):
    """A shell on a host, open for a few probes. Thread-safe."""

    def counters(self) -> Counters:
        """What the host's kernel has counted until now."""
        ...

    def send(self, transport: Transport, address: str, port: int, number: int) -> None:
        """Send ``number`` datagrams, or try ``number`` connections, for a second at the most."""
        ...

    def connect(self, endpoints: Sequence[tuple[str, int]]) -> list[Reach]:
        """Open a TCP connection to each address and port, all at once, 1.5 s at the most."""
        ...
