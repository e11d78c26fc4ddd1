"""What operations may ask of a host: its Engine API, and the few looks at the machine that the API lacks.

Implemented over SSH in ``bot.engine``. Every call has a time-out; each raises
:class:`~bot.errors.HostUnreachable` when the engine cannot be spoken to and :class:`~bot.errors.EngineError` when
the engine answered with an error or not in time. JSON is as in Docker's Engine API documentation, version 1.41.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from bot.model.backups import BackupStore
from bot.model.host import HostKey, KeyFile, StoppedEngine
from bot.model.network import Interface, OverlayTrial, Prober
from bot.secrets.secret import Secret

Json = dict[str, Any]


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

    def prober(self) -> AbstractContextManager[Prober]:
        """Open a shell on the host for probes; EngineError where it has no bash to send with."""
        ...

    def node_certificate(self) -> str:
        """The PEM of the node's own TLS certificate and its issuers, from the engine's data folder (never the key)."""
        ...

    def last_raft_entry(self) -> bytes:
        """The beginning of the record of the last entry in a manager's Raft log; EngineError when it has none."""
        ...

    def key_file(self) -> KeyFile:
        """A manager's key file; EngineError when it has none or cannot be read. What is not encrypted stays there."""
        ...

    def known_managers(self) -> tuple[str, ...]:
        """The managers (``address:port``) that the engine has on its disk: a locked one tells them nowhere else."""
        ...

    def certificate_file(self, path: str) -> str:
        """The PEM certificates in a file on the host; EngineError when it is not there or holds none (or a key)."""
        ...

    def host_keys(self) -> tuple[HostKey, ...]:
        """The SSH host keys of the jumps and of the host, up to the first that is not trusted; nobody logs in there."""
        ...

    def trust(self, machine: str, fingerprint: str) -> None:
        """Write the key of the host, or of a jump to it, into known_hosts; Failed if it shows another one now."""
        ...

    def overlay_trial(self, name: str) -> OverlayTrial:
        """This engine's part in the trial of the overlay that is called ``name``."""
        ...

    def left_trials(self) -> frozenset[str]:
        """The names of trials of which something is left on this engine."""
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

    def networks(self) -> list[Json]:
        """``GET /networks``, those of the swarm alone."""
        ...

    def secrets(self) -> list[Json]:
        """``GET /secrets``: names and labels; an engine never gives a secret's content."""
        ...

    def configs(self) -> list[Json]:
        """``GET /configs``."""
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

    def unlock_swarm(self, key: Secret) -> None:
        """``POST /swarm/unlock``; EngineError 401 for another key, 400 for none at all, 409 when it is not locked.

        Status 0 (no answer in time) is usual where the cluster has no quorum yet: the key was right.
        """
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

    def start_engine(self) -> None:
        """Start the engine where it is stopped; it answers then."""
        ...

    def stopped(self) -> StoppedEngine:
        """The swarm state on the disk of an engine that does not run.

        EngineError when it runs, when there is no state, or when its data folder is not known or not to be read.
        """
        ...

    def hold_off(self) -> None:
        """Move the swarm state of an engine that does not run aside, so that it starts in no swarm; nothing is deleted.

        Nothing where there is none in its place. EngineError when it runs, or when the host could not.
        """
        ...

    def open_key_file(self, locked: bytes, opened: bytes) -> None:
        """Put ``opened`` in the place of the key file while the engine is stopped, then start the engine.

        Failed when the host could not, or the key file is not ``locked`` any more: then it is as it was.
        """
        ...

    def placed(self) -> str:
        """What is in the swarm folder: "" for nothing, the id of the backup that it was restored from, or ``other``."""
        ...

    def pack_swarm(self) -> bytes:
        """The swarm folder as a gzipped tar. The engine is stopped for it and started again, whatever happens.

        Failed when the host could not.
        """
        ...

    def place_swarm(self, packed: bytes, backup: str) -> None:
        """Put packed state into an empty swarm folder, and keep ``backup`` there as its name.

        The engine is stopped for it and started again; it stays inactive until ``init_swarm`` forces a new cluster.
        Failed when the host could not, or the folder is not empty.
        """
        ...

    def throwaway_engine(self, packed: bytes) -> AbstractContextManager[Engine]:
        """A second engine on the host over packed state, cut off from everything; it ends with the context."""
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

    @property
    def backup_store(self) -> BackupStore:
        """Where the cluster's backups are."""
        ...


class Clusters(Protocol):
    """The clusters of swarmbot.yml."""

    def cluster(self, name: str) -> Engines:
        """The hosts of ``name``; KeyError if it is not in swarmbot.yml."""
        ...
