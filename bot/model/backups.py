"""Backups of a cluster's swarm state: what is known of one without its key, and where they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BackedUpNode:
    """A node as the cluster had it then."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Drill:
    """What came of restoring a backup onto a throwaway engine: how many objects were as they are in the cluster.

    ``at`` is unix seconds, ``host`` where it ran. ``since`` are differences that came after the backup was taken,
    ``faults`` those that speak against it; both in words that name objects and never tell their content.
    """

    at: float
    host: str
    same: int
    since: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Backup:
    """The plain part of a backup, which its seal vouches for. It names nodes and holds no secret.

    ``taken_at`` is unix seconds. ``host``, ``node`` (its id) and ``address`` are the manager's whose state it is: Raft
    knows it by that address. ``autolocked``: the state can be read with the cluster's unlock key alone, which is not in
    the backup. ``ca_fingerprint`` is the SHA-256 of the root certificate, ``checksum`` that of the state's ``size``
    bytes (a gzipped tar of the engine's ``swarm`` folder). ``drill`` is the newest one of it.
    """

    id: str
    cluster: str
    cluster_id: str
    taken_at: float
    host: str
    node: str
    address: str
    engine_version: str
    autolocked: bool
    ca_fingerprint: str
    nodes: tuple[BackedUpNode, ...]
    size: int
    checksum: str
    drill: Drill | None = None

    @property
    def root(self) -> str:
        """Its root certificate as people tell it: how the fingerprint begins that `/swarm ca` shows."""
        return f"{bytes.fromhex(self.ca_fingerprint)[:4].hex(':')}…"

    @property
    def managers(self) -> tuple[BackedUpNode, ...]:
        """The managers of then."""
        return tuple(node for node in self.nodes if node.role == "manager")


@dataclass(frozen=True, slots=True)
class BackupList:
    """The backups of one cluster, newest first, and the names of files whose head cannot be read."""

    backups: tuple[Backup, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def newest(self) -> Backup | None:
        """The one that was taken last."""
        return self.backups[0] if self.backups else None

    def find(self, backup: str) -> Backup | None:
        """The backup of this id, or the newest for ``latest``."""
        if backup == "latest":
            return self.newest
        return next((each for each in self.backups if each.id == backup), None)


class BackupStore(Protocol):
    """Where the backups of one cluster are kept, sealed. Every call raises Refused where no folder or key is set."""

    def shelved(self) -> BackupList:
        """What is there; Failed when the folder cannot be read."""
        ...

    def keep(self, backup: Backup, state: bytes) -> None:
        """Seal ``state`` and keep it; then let the oldest go beyond the number that is kept."""
        ...

    def open(self, backup: Backup) -> bytes:
        """The state; Refused when it is not there, was sealed with another key, or is not as it was sealed."""
        ...

    def note(self, backup: Backup, drill: Drill) -> None:
        """Keep what came of a drill beside the backup."""
        ...
