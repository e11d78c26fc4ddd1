"""Routes between hosts and how they are tested: addresses, interfaces, probes, the overlay network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol


def ip_of(endpoint: str) -> str:
    """Return the IP address of ``10.0.0.1:2377`` or ``[fd00::1]:2377``; "" for ""."""
    return endpoint.rpartition(":")[0].strip("[]")


BASELINE_S: Final = 0.02
"""The least time between the two readings of the counters of an examination."""

Reach = Literal["open", "refused", "no answer", "unknown"]
"""How a connection ended; ``no answer`` was seen in the sender's kernel, ``unknown`` is the rest."""
Transport = Literal["tcp", "udp"]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface that is up."""

    name: str
    addresses: tuple[str, ...]
    """Global IPv4 and IPv6 addresses, without prefix lengths. No loopback."""
    networks: tuple[str, ...] = ()
    """The networks that the host reaches through it without a router, like ``192.0.2.0/24``."""


@dataclass(frozen=True, slots=True)
class Counters:
    """What a host's kernel has counted since it started, on all ports, behind its firewall."""

    datagrams: int
    """UDP datagrams that arrived, whether a process listens or not. The kernel may count them when they are read."""
    resets: int
    """Resets that it sent for connections to ports on which no process listens; not those that a firewall sent."""
    unread: bool = False
    """Whether datagrams have arrived that a process has not read yet: they may not be counted."""
    uptime_s: float = 0.0
    """When they were read, by the host's clock since it started, to 10 ms; 0 if that was not read."""


class Prober(Protocol):
    """Sends probes from a host and counts what it receives. Safe to share between threads."""

    @property
    def round_trip_s(self) -> float:
        """How long an empty script took on the host, measured when its shell was up."""
        ...

    def counters(self) -> Counters:
        """Return what the host's kernel has counted since it started."""
        ...

    def send(self, transport: Transport, address: str, port: int, number: int) -> None:
        """Send ``number`` datagrams, or try ``number`` connections. Raise EngineError if not all were sent."""
        ...

    def connect(self, endpoints: Sequence[tuple[str, int]]) -> list[Reach]:
        """Open a TCP connection to each address and port, all at once, for at most 3 s."""
        ...


@dataclass(frozen=True, slots=True)
class DiskSpace:
    """The space of the file system that a folder is on, in bytes."""

    folder: str
    total: int
    used: int
    available: int
    """Without what is reserved for root, as df says."""

    @property
    def root_available(self) -> int:
        """What root can still write."""
        return max(self.total - self.used, 0)


@dataclass(frozen=True, slots=True)
class Examination:
    """What one script showed of a host, before others sent to it."""

    interfaces: tuple[Interface, ...] | None
    """None if the host could not list them."""
    first: Counters
    last: Counters
    """At least :data:`BASELINE_S` after the first ones."""
    seconds: float
    """How long the script took, with the way to the host and back."""
    space: DiskSpace | None = None
    """Disk space of the folder that is likely the engine's data root; None if the host did not show it."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a host sends on one route in a round.

    A number of datagrams, or at most as many connections until one is accepted.
    """

    transport: Transport
    address: str
    port: int
    number: int


@dataclass(frozen=True, slots=True)
class SentProbe:
    """How a host's probe ended."""

    outcome: Literal["sent", "refused", "accepted", "unknown"]
    number: int = 0
    """How many datagrams it sent, or how many connections were refused."""


@dataclass(frozen=True, slots=True)
class RoundReport:
    """What a host saw of a round."""

    sent: tuple[SentProbe, ...]
    """The result of each of its probes."""
    counters: Mapping[Transport, Counters]
    """When it had counted as much of a transport as was waited for, or at the end."""


RouteState = Literal["open", "passed", "blocked", "untested"]


@dataclass(frozen=True, slots=True)
class Route:
    """A route that Swarm needs: from a host to a port of another."""

    source: str
    """A host of swarmbot.yml."""
    target: str
    """A host of swarmbot.yml."""
    address: str
    """The address of the target that the source sends to."""
    port: int
    transport: Transport

    @property
    def name(self) -> str:
        """The port for messages: ``7946/udp``."""
        return f"{self.port}/{self.transport}"


@dataclass(frozen=True, slots=True)
class ProbedRoute:
    """The result of testing a route."""

    route: Route
    state: RouteState
    """What was seen.

    ``open``: a process answered. ``passed``: packets arrived at the target's kernel (TCP: and no process listens).
    ``blocked``: packets did not arrive; it cannot be seen which machine between them drops them. ``untested``: unknown.
    """
    why: str = ""
    """How a connection ended, or why it was not tested."""
    refused: bool = False
    """Whether the connection was refused, by the target or by something before it."""

    @property
    def blocked(self) -> bool:
        """Whether it was seen that nothing arrives."""
        return self.state == "blocked"

    @property
    def through(self) -> bool:
        """Whether it was seen that packets arrive."""
        return self.state in {"open", "passed"}


@dataclass(frozen=True, slots=True)
class Mesh:
    """A test of the overlay network. Nodes are called as in swarmbot.yml."""

    name: str
    addresses: Mapping[str, str]
    """The addresses of the nodes that ran a container."""
    reached: Mapping[str, frozenset[str]]
    """For each node whose container reported: the nodes whose containers it reached, at the first or second try."""
    gossip_peers: Mapping[str, frozenset[str]]
    """For each engine: the addresses that it knows by gossip."""
    skipped: Mapping[str, str]
    """Why other nodes could not take part."""
    unsure: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """For each node: the nodes that it did not reach at the first try and could not try again, as happens on a busy
    host."""
    leftovers: tuple[str, ...] = ()
    """What could not be removed."""


class OverlayTrial(Protocol):
    """One engine's part in a test of the overlay. What it creates has the test's name, and a label to find it again."""

    def make_network(self) -> None:
        """Create the overlay network; on a manager."""
        ...

    def remove_network(self) -> None:
        """Remove the network once no engine uses it; do nothing if it does not exist."""
        ...

    def forget(self) -> None:
        """Wait until this engine no longer lists the removed network."""
        ...

    def start(self) -> str:
        """Start a container on the network and return its address there. It exits by itself after some minutes."""
        ...

    def tell(self, addresses: Sequence[str]) -> None:
        """Send other containers' addresses, to which the container then connects: the first and the second time."""
        ...

    def reached(self) -> frozenset[str] | None:
        """Return the addresses that the container reached at any time; None while it is still trying."""
        ...

    def peers(self) -> frozenset[str]:
        """Return the addresses of the network's nodes that this engine knows by gossip."""
        ...

    def remove(self) -> None:
        """Remove the container and its image; do nothing if they do not exist."""
        ...
