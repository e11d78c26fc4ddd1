"""Take a backup of the swarm state, and restore one."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, Refused, SwarmbotError
from bot.model import (
    BackedUpNode,
    Backup,
    ClusterFacts,
    Engines,
    Facts,
    FactsQuery,
    HostFacts,
    NodeFacts,
    Operation,
    RaftMembers,
    ip_of,
)
from bot.swarm.reading.certificates import fingerprint_of
from bot.swarm.reading.manager_choice import is_in_quorum
from bot.swarm.recovery.autolock import decrypted_backup


@dataclass(frozen=True, slots=True)
class TakeBackup(Operation):
    """Back up the swarm state of a manager that is not the leader.

    The engine is stopped for it. The host itself starts the engine again (bot.engine.disk.swarm_folder), so that a
    worker that dies leaves no manager stopped.
    """

    kind: ClassVar[str] = "take-backup"
    may_lose_manager: ClassVar[bool] = True
    timeout_s: ClassVar[float] = 0.0

    host: str
    node: str
    """The host's node id."""
    cluster: str
    after: str = ""
    """The id of the newest backup before this step; "" for none."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"backing up the swarm state of `{self.host}` with its engine stopped"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the swarm state of `{self.host}` is backed up, encrypted"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host and the backups."""
        return FactsQuery(hosts=(self.host,), backups=True)

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members with this one stopped."""
        return members.stopped(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether there is a newer backup."""
        newest = facts.backups.newest
        return newest is not None and newest.id != self.after

    def seen(self, facts: Facts) -> str:
        """Return the state with the backup's id and size."""
        newest = facts.backups.newest
        return f"{self.done}: `{newest.id}`, {newest.size / 1e6:.1f} MB" if newest else self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Pack, encrypt and store the state. Raise Failed if the host's state may be an old one."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        if facts.swarm is None or record is None or record.leader or record.role != "manager":
            step = "`/swarm backup` chooses another manager."
            raise Failed(
                f"`{self.host}` is not a manager of {self.cluster} any more, or is the leader.", next_step=step
            )
        if not is_in_quorum(facts.host(self.host), record):
            raise Failed(
                f"`{self.host}` is not reachable for the other managers: its state may be an old one.",
                next_step="`/swarm backup` chooses another manager.",
            )
        backup = _backup(facts, facts.swarm, facts.host(self.host), record)
        engines.backup_store.add(backup, engines[self.host].pack_swarm())

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state of the engine, which the host starts again in any case."""
        del engines
        host = facts.hosts.get(self.host)
        runs = host is not None and host.responds
        state = f"No backup was stored. The engine of `{self.host}` {'is running' if runs else 'does not respond yet'}."
        start = f"`/swarm node {self.host}` shows when it is back. If not: `systemctl start docker` on that host."
        step = "" if runs else start
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)


@dataclass(frozen=True, slots=True)
class AwaitManager(Operation):
    """Wait until a host is a reachable manager again. A locked engine is unlocked with the cluster's key."""

    kind: ClassVar[str] = "await-manager"
    timeout_s: ClassVar[float] = 120.0

    host: str
    node: str
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"waiting until `{self.host}` is a reachable manager again"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.host}` is a reachable manager of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host: its peers notice late that it was away."""
        return FactsQuery(hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members with this one running again."""
        return members.returned(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Return whether its engine reports a quorum and the other managers reach it."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        return record is not None and is_in_quorum(facts.hosts.get(self.host), record)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Start the engine if it is stopped; unlock it if it is locked."""
        host = facts.host(self.host)
        if not host.responds:
            engines[self.host].start_engine()
        elif host.membership == "locked" and facts.swarm is not None:
            engines[self.host].unlock_swarm(engines[facts.swarm.read_from].unlock_key())


def _backup(facts: Facts, swarm: ClusterFacts, host: HostFacts, record: NodeFacts) -> Backup:
    return Backup(
        id=secrets.token_hex(3),
        cluster=facts.name,
        cluster_id=swarm.id,
        taken_at=facts.at,
        host=host.name,
        node=record.id,
        address=ip_of(record.raft_address),
        engine_version=record.engine_version,
        autolocked=swarm.autolocked,
        ca_fingerprint=fingerprint_of(swarm.tls.root),
        nodes=tuple(BackedUpNode(node.id, node.name, node.role) for node in swarm.nodes),
        size=0,
        checksum="",
    )


@dataclass(frozen=True, slots=True)
class RestoreState(Operation):
    """Put a backup's state into the swarm folder of a host that is not part of any cluster."""

    kind: ClassVar[str] = "restore-state"
    timeout_s: ClassVar[float] = 60.0

    host: str
    cluster: str
    backup: str
    """The backup's id."""
    autolocked: bool = False
    """Whether the key file is decrypted first, with the typed key; the engine encrypts it again when it is forced."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"restoring the state of the backup `{self.backup}` to `{self.host}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"`{self.host}` has the state of the backup `{self.backup}`"

    @property
    def query(self) -> FactsQuery:
        """Return a query for its swarm folder and the backups."""
        return FactsQuery(hosts=(self.host,), swarm_folders=(self.host,), backups=True)

    @property
    def needs_typed_secret(self) -> bool:
        """Return whether the unlock key is used: if the backup is autolocked."""
        return self.autolocked

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the folder has this backup's state and the engine runs."""
        host = facts.hosts.get(self.host)
        return host is not None and host.responds and host.swarm_folder == self.backup

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Restore the state. The backup is decrypted first: a damaged one changes nothing on the host."""
        backup = facts.backups.find(self.backup)
        if backup is None:
            raise Refused(f"the backup `{self.backup}` is not in the backup folder any more.")
        packed = engines.backup_store.read(backup)
        if self.autolocked:
            packed = decrypted_backup(facts, backup, packed)
        engines[self.host].place_swarm(packed, self.backup)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with what is in the swarm folder."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            state = f"`{self.host}` does not respond: what its swarm folder has is unknown."
        elif host.swarm_folder == "":
            state = f"The swarm folder of `{self.host}` is empty, as before."
        else:
            state = f"The swarm folder of `{self.host}` is not empty."
        return Failed(error.happened, true_now=state, next_step=error.next_step)
