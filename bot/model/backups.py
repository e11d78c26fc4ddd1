"""Backups of a cluster's swarm state: their plain part, and the store that keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BackedUpNode:
    """A node of the cluster when the backup was taken."""

    id: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class Drill:
    """The result of restoring a backup onto a throwaway engine. It names objects and never shows their content."""

    at: float
    """Unix seconds."""
    host: str
    """Where it ran."""
    same: int
    """How many objects are the same as in the cluster."""
    since: tuple[str, ...] = ()
    """Differences that are newer than the backup."""
    faults: tuple[str, ...] = ()
    """Differences that are not newer: they are evidence against the backup."""


@dataclass(frozen=True, slots=True)
class Backup:
    """The plain part of a backup, which its encryption protects against changes. It holds no secret."""

    id: str
    cluster: str
    cluster_id: str
    taken_at: float
    """Unix seconds."""
    host: str
    """The manager that the state was taken from."""
    node: str
    """The node id of that manager."""
    address: str
    """The address by which Raft knows that manager."""
    engine_version: str
    autolocked: bool
    """Whether the state is encrypted with the cluster's unlock key, which is not in the backup."""
    ca_fingerprint: str
    """The SHA-256 of the root certificate, in hex."""
    nodes: tuple[BackedUpNode, ...]
    size: int
    """Bytes of the state: a gzipped tar of the engine's ``swarm`` folder."""
    checksum: str
    """The SHA-256 of the state, in hex. It is not checked: the encryption finds each change of the file."""
    drill: Drill | None = None
    """The newest drill of it."""

    @property
    def root(self) -> str:
        """The beginning of the root certificate's fingerprint, as `/swarm ca` shows it."""
        return f"{bytes.fromhex(self.ca_fingerprint)[:4].hex(':')}…"

    @property
    def managers(self) -> tuple[BackedUpNode, ...]:
        """The managers when it was taken."""
        return tuple(node for node in self.nodes if node.role == "manager")


@dataclass(frozen=True, slots=True)
class BackupList:
    """The backups of one cluster."""

    backups: tuple[Backup, ...] = ()
    """Newest first."""
    unreadable: tuple[str, ...] = ()
    """Names of files that cannot be read as a backup."""

    @property
    def newest(self) -> Backup | None:
        """The newest backup."""
        return self.backups[0] if self.backups else None

    def find(self, backup: str) -> Backup | None:
        """Return the backup with this id, or the newest for ``latest``; None if there is none."""
        if backup == "latest":
            return self.newest
        return next((each for each in self.backups if each.id == backup), None)


class BackupStore(Protocol):
    """Keeps the backups of one cluster, encrypted. Every call raises Refused if no folder or no key is set."""

    def list_backups(self) -> BackupList:
        """Return the backups, the newest first. Raise Failed if the folder cannot be read."""
        ...

    def add(self, backup: Backup, state: bytes) -> None:
        """Encrypt and store a backup, then remove the oldest ones beyond the number to keep."""
        ...

    def read(self, backup: Backup) -> bytes:
        """Return the state of a backup. Raise Refused if it is missing, damaged or encrypted with another key."""
        ...

    def add_drill(self, backup: Backup, drill: Drill) -> None:
        """Store the result of a drill with its backup."""
        ...
