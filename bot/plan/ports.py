"""What operations may ask of a host: its Engine API, and the few looks at the machine that the API lacks.

Implemented over SSH in ``bot.engine``. Every call has a time-out; each raises
:class:`~bot.errors.HostUnreachable` when the engine cannot be spoken to and :class:`~bot.errors.EngineError` when
the engine answered with an error or not in time. JSON is as in Docker's Engine API documentation, version 1.41.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.secret import Secret

Json = dict[str, Any]
Reach = Literal["open", "refused", "no answer"]


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface that is up, with its global IPv4 and IPv6 addresses (no prefix lengths, no loopback)."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JoinTokens:
    """The two tokens of a cluster."""

    worker: Secret
    manager: Secret


class Engine(Protocol):
    """One host of swarmbot.yml."""

    @property
    def host(self) -> str:
        """The host's name in swarmbot.yml."""
        ...

    def info(self) -> Json:
        """``GET /info``; works without a quorum."""
        ...

    def clock_offset(self) -> float:
        """The host's clock minus this process's, in seconds, half the round trip taken off."""
        ...

    def interfaces(self) -> tuple[Interface, ...]:
        """The interfaces that are up and could be advertised: no loopback, no bridge or veth of Docker's."""
        ...

    def reach(self, address: str, port: int) -> Reach:
        """Open a TCP connection *from the host* to ``address:port``, 2 s at the most."""
        ...

    def node_certificate(self) -> str:
        """The PEM of the node's own TLS certificate and its issuers, from the engine's data folder (never the key)."""
        ...

    def raft_log(self) -> bytes:
        """The two newest files of a manager's Raft log, whose entries are encrypted; EngineError when it has none."""
        ...

    def certificate_file(self, path: str) -> str:
        """The PEM certificates in a file on the host; EngineError when it is not there or holds none (or a key)."""
        ...

    def swarm(self) -> Json:
        """``GET /swarm`` without ``JoinTokens``."""
        ...

    def join_tokens(self) -> JoinTokens:
        """The tokens of ``GET /swarm``."""
        ...

    def unlock_key(self) -> Secret:
        """``GET /swarm/unlockkey``; an empty secret when autolock is off."""
        ...

    def nodes(self) -> list[Json]:
        """``GET /nodes``."""
        ...

    def services(self) -> list[Json]:
        """``GET /services?status=true``."""
        ...

    def tasks(self, filters: dict[str, list[str]]) -> list[Json]:
        """``GET /tasks`` with ``filters``."""
        ...

    def init_swarm(self, request: Json) -> str:
        """``POST /swarm/init`` with ``request`` as its body; the node's id."""
        ...

    def join_swarm(self, request: Json, token: Secret) -> None:
        """``POST /swarm/join`` with ``request`` and the token as ``JoinToken``; may take 25 s."""
        ...

    def leave_swarm(self, *, force: bool) -> None:
        """``POST /swarm/leave``."""
        ...

    def update_swarm(
        self,
        version: int,
        spec: Json,
        *,
        rotate_worker_token: bool = False,
        rotate_manager_token: bool = False,
        rotate_unlock_key: bool = False,
    ) -> None:
        """``POST /swarm/update`` with the whole spec, as ``swarm()["Spec"]`` gave it and the caller changed it."""
        ...

    def update_node(self, node_id: str, version: int, spec: Json) -> None:
        """``POST /nodes/{id}/update`` with the whole spec."""
        ...

    def remove_node(self, node_id: str, *, force: bool) -> None:
        """``DELETE /nodes/{id}``."""
        ...


class Engines(Protocol):
    """The hosts of one cluster of swarmbot.yml."""

    def __getitem__(self, host: str) -> Engine:
        """The engine of ``host``. Connects at its first call, not here. KeyError: not in swarmbot.yml."""
        ...

    def names(self) -> tuple[str, ...]:
        """The names of the cluster's hosts, in the file's order."""
        ...

    def address(self, host: str) -> str:
        """The address of ``host`` in swarmbot.yml."""
        ...


class Clusters(Protocol):
    """The clusters of swarmbot.yml."""

    def cluster(self, name: str) -> Engines:
        """The hosts of ``name``; KeyError if it is not in swarmbot.yml."""
        ...
