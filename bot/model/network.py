"""Routes between hosts and how they are tested: addresses, interfaces, probes, the overlay network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


def ip_of(endpoint: str) -> str:
    """The bare address of ``10.0.0.1:2377`` or ``[fd00::1]:2377``; "" of ""."""
    return endpoint.rpartition(":")[0].strip("[]")


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


RouteState = Literal["open", "passed", "blocked", "untested"]


@dataclass(frozen=True, slots=True)
class Route:
    """From ``source`` to ``port`` of ``target``, which it sends to at ``address``; names as in swarmbot.yml."""

    source: str
    target: str
    address: str
    port: int
    transport: Transport

    @property
    def name(self) -> str:
        """The port as people write it: ``7946/udp``."""
        return f"{self.port}/{self.transport}"


@dataclass(frozen=True, slots=True)
class ProbedRoute:
    """What was seen of a way.

    ``open``: somebody answered. ``passed``: what was sent came to the target's kernel (for TCP: and nobody listens).
    ``blocked``: it did not come; which machine on the way stops it cannot be seen. ``refused``: the connection was, by
    the target or by something before it. ``why`` says how a connection ended, or why the route was not tested.
    """

    route: Route
    state: RouteState
    why: str = ""
    refused: bool = False

    @property
    def blocked(self) -> bool:
        """Whether it is seen that nothing gets through."""
        return self.state == "blocked"

    @property
    def through(self) -> bool:
        """Whether it is seen that what is sent gets there."""
        return self.state in {"open", "passed"}


@dataclass(frozen=True, slots=True)
class Mesh:
    """A trial of the overlay. Names are those of nodes, as in swarmbot.yml.

    ``addresses`` are the nodes' own, of those that had a container. ``reached`` has for each container that answered
    those that it reached. ``knows`` has for each engine the addresses that it knows by gossip. ``missing`` says why
    others could not take part, ``left`` what could not be removed.
    """

    name: str
    addresses: Mapping[str, str]
    reached: Mapping[str, frozenset[str]]
    knows: Mapping[str, frozenset[str]]
    missing: Mapping[str, str]
    left: tuple[str, ...] = ()


class OverlayTrial(Protocol):
    """One engine's part in a trial: all that is made has the trial's name, and a label by which it is found again."""

    def make_network(self) -> None:
        """Make the overlay network; on a manager."""
        ...

    def remove_network(self) -> None:
        """Remove it, once no engine uses it any more; nothing if it is not there."""
        ...

    def forget(self) -> None:
        """Wait until the removed network is not seen on this engine any more."""
        ...

    def start(self) -> str:
        """Start a container on the network and return its address there. It ends by itself after some minutes."""
        ...

    def tell(self, addresses: Sequence[str]) -> None:
        """Let the container try other containers' addresses."""
        ...

    def reached(self) -> frozenset[str] | None:
        """The addresses that it reached; None as long as it tries."""
        ...

    def peers(self) -> frozenset[str]:
        """The nodes of the network that this engine knows by gossip, by their own addresses."""
        ...

    def remove(self) -> None:
        """Remove the container and its image; nothing if they are not there."""
        ...
