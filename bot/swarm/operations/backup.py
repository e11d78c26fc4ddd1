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
    """The swarm state of the follower ``host`` (node ``node``) kept as a backup that is newer than ``after``.

    ``after`` is the id of the newest backup before, "" for none. The engine is stopped for it and started again by the
    host itself (bot.engine.disk.swarm_folder), so that a dead worker leaves no manager stopped.
    """

    kind: ClassVar[str] = "take-backup"
    weakens: ClassVar[bool] = True
    patience: ClassVar[float] = 0.0

    host: str
    node: str
    cluster: str
    after: str = ""

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"packing the swarm state of `{self.host}` with its engine stopped"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"the swarm state of `{self.host}` is in the folder of backups, encrypted"

    @property
    def query(self) -> FactsQuery:
        """The backups, and the host."""
        return FactsQuery(hosts=(self.host,), backups=True)

    def raft(self, members: RaftMembers) -> RaftMembers:
        """One manager away while its engine is stopped."""
        return members.stopped(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """There is a newer backup."""
        newest = facts.backups.newest
        return newest is not None and newest.id != self.after

    def seen(self, facts: Facts) -> str:
        """With the backup's id and size."""
        newest = facts.backups.newest
        return f"{self.done}: `{newest.id}`, {newest.size / 1e6:.1f} MB" if newest else self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Pack, seal and keep."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        if facts.swarm is None or record is None or record.leader or record.role != "manager":
            raise Failed(f"`{self.host}` is no follower of {self.cluster} any more.", next_step="Ask again.")
        if not is_in_quorum(facts.host(self.host), record):
            raise Failed(
                f"`{self.host}` was cut off from the other managers: its state may be an old one.",
                next_step="`/swarm backup` takes it from the manager that can best be away.",
            )
        backup = _backup(facts, facts.swarm, facts.host(self.host), record)
        engines.backup_store.keep(backup, engines[self.host].pack_swarm())

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell whether the engine runs: the host starts it again whatever happened."""
        del engines
        host = facts.hosts.get(self.host)
        runs = host is not None and host.responds
        truth = f"No backup was kept. The engine of `{self.host}` {'runs' if runs else 'does not answer yet'}."
        step = "" if runs else f"`/swarm node {self.host}` shows when it is back; else start it there."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or step)


@dataclass(frozen=True, slots=True)
class AwaitManager(Operation):
    """The node of ``host`` is a reachable manager. A locked engine is unlocked: the cluster has the key."""

    kind: ClassVar[str] = "await-manager"
    patience: ClassVar[float] = 120.0

    host: str
    node: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` coming back as a manager"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` is a reachable manager of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """The host itself counts: its peers notice late that it was gone."""
        return FactsQuery(hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """It is back."""
        return members.returned(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Its engine takes itself for a manager with a quorum, and the others reach it."""
        record = facts.swarm.node(self.node) if facts.swarm else None
        return record is not None and is_in_quorum(facts.hosts.get(self.host), record)

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Start what is stopped, unlock what is locked."""
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
    """The state of the backup ``backup`` in the swarm folder of ``host``, whose engine is in no cluster yet.

    ``autolocked``: its key file is opened here, with the key that somebody typed; the engine encrypts it again when it
    is forced.
    """

    kind: ClassVar[str] = "restore-state"
    patience: ClassVar[float] = 60.0

    host: str
    cluster: str
    backup: str
    autolocked: bool = False

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` given the state of the backup `{self.backup}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` holds the state of the backup `{self.backup}`"

    @property
    def query(self) -> FactsQuery:
        """What is in its swarm folder."""
        return FactsQuery(hosts=(self.host,), swarm_folders=(self.host,), backups=True)

    def satisfied(self, facts: Facts) -> bool:
        """The folder names this backup, and the engine runs."""
        host = facts.hosts.get(self.host)
        return host is not None and host.responds and host.swarm_folder == self.backup

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Open the backup first: nothing is touched for one that is damaged."""
        backup = facts.backups.find(self.backup)
        if backup is None:
            raise Refused(f"the backup `{self.backup}` is not in its folder any more.")
        packed = engines.backup_store.open(backup)
        if self.autolocked:
            packed = decrypted_backup(facts, backup, packed)
        engines[self.host].place_swarm(packed, self.backup)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what is in the folder."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            truth = f"`{self.host}` does not answer, so it is not known what its swarm folder holds."
        elif host.swarm_folder == "":
            truth = f"`{self.host}` is as it was: its swarm folder is empty."
        else:
            truth = f"The swarm folder of `{self.host}` is not empty."
        return Failed(error.happened, true_now=truth, next_step=error.next_step)
