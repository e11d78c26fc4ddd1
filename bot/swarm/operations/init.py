"""Initialise a cluster: ``POST /swarm/init``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from bot.blocks import plain_line
from bot.errors import EngineError, Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Json, Operation, RaftMembers, newcomer
from bot.swarm.health.lost_quorum import is_back_in_quorum
from bot.swarm.operations.restart_stopped_swarm import has_stopped_swarm, stopped_text
from bot.swarm.reading.cluster_settings import NANOSECONDS
from bot.swarm.recovery.split_brain import refuse_beside_quorum

# The mask length that `docker swarm init` sends by default. The API's own default is 0.
DEFAULT_SUBNET_SIZE: Final = 24

STOPS_LATE: Final = "context deadline exceeded"
"""How an engine reports that its swarm did not stop within its 15 s, so that it was not forced. It stops later."""


@dataclass(frozen=True, slots=True)
class Init(Operation):
    """Make a host the first manager of a cluster. Times are in seconds; None leaves the engine's default."""

    kind: ClassVar[str] = "init"
    timeout_s: ClassVar[float] = 60.0
    facts_hold_s: ClassVar[float] = 2.0

    host: str
    cluster: str
    advertise_addr: str
    listen_addr: str = "0.0.0.0:2377"
    data_path_addr: str = ""
    data_path_port: int = 0
    default_addr_pool: tuple[str, ...] = ()
    default_addr_pool_mask_length: int = 0
    availability: str = "active"
    autolock: bool = False
    cert_expiry: float | None = None
    dispatcher_heartbeat: float | None = None
    task_history_limit: int | None = None
    max_snapshots: int | None = None
    snapshot_interval: int | None = None
    with_others: bool = False
    """Whether other managers join after it, so that it may not be the leader when the plan runs again."""
    force_new_cluster: bool = False
    """Whether the host keeps its state and becomes the only manager of its old cluster."""
    attempt: Literal["only", "first", "second"] = "only"
    """``first``: it is enough that the engine was seen to have stopped its swarm; the next steps restart it and try
    again.
    """

    @property
    def doing(self) -> str:
        """Return the step in words."""
        if self.force_new_cluster:
            unless = " if it is not yet" if self.attempt == "second" else ""
            return f"making `{self.host}` the only manager of {self.cluster}{unless}"
        return f"initialising {self.cluster} on `{self.host}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        if self.force_new_cluster:
            return f"`{self.host}` is a manager of {self.cluster}, which has a quorum"
        return f"`{self.host}` is {'a manager' if self.with_others else 'the leader'} of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """Return a query for its host."""
        return FactsQuery(hosts=(self.host,))

    def query_after(self, facts: Facts) -> FactsQuery:
        """Return a query for its host alone: nobody else knows of a new cluster."""
        del facts
        return self.query if self.force_new_cluster else replace(self.query, only_hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members with this host as the first one. The plan says what forcing a cluster costs."""
        return members if self.force_new_cluster else members.joined(newcomer(self.host))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the host is a manager of a cluster with a quorum, and the leader unless others may be.

        It need not be the only manager: when the plan runs again after a crash, others may have joined.
        """
        if self.force_new_cluster:
            return is_back_in_quorum(facts, self.host) or self._stopped(facts)
        node = facts.member(self.host)
        return node is not None and (node.leader or (self.with_others and node.reachability == "reachable"))

    def seen(self, facts: Facts) -> str:
        """Return the wanted state, or that the engine was not forced and what follows."""
        stopped = f"`{self.host}` was not forced: its swarm stopped, and its engine must restart"
        return stopped if self.force_new_cluster and not is_back_in_quorum(facts, self.host) else self.done

    def goes_on_after(self, error: EngineError) -> bool:
        """Return whether the engine still stops its swarm, to be waited for."""
        return error.status == 0 or (self.attempt == "first" and STOPS_LATE in error.happened)

    def _stopped(self, facts: Facts) -> bool:
        return self.attempt == "first" and has_stopped_swarm(facts.hosts.get(self.host))

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Initialise the cluster. Raise Refused if forcing it would make a second cluster beside one with a quorum."""
        if self.force_new_cluster:
            refuse_beside_quorum(facts, self.host)
        engines[self.host].init_swarm(self.request())

    def request(self) -> Json:
        """Return the body of ``POST /swarm/init``. Its spec holds only the settings that were asked for."""
        return {
            "ListenAddr": self.listen_addr,
            "AdvertiseAddr": self.advertise_addr,
            "DataPathAddr": self.data_path_addr,
            "DataPathPort": self.data_path_port,
            "DefaultAddrPool": list(self.default_addr_pool),
            "SubnetSize": self.default_addr_pool_mask_length or DEFAULT_SUBNET_SIZE,
            "ForceNewCluster": self.force_new_cluster,
            "Availability": self.availability,
            "AutoLockManagers": self.autolock,
            "Spec": self._spec(),
        }

    def _spec(self) -> Json:
        spec: Json = {"EncryptionConfig": {"AutoLockManagers": self.autolock}}
        raft = {"SnapshotInterval": self.snapshot_interval, "KeepOldSnapshots": self.max_snapshots}
        if any(value is not None for value in raft.values()):
            spec["Raft"] = {name: value for name, value in raft.items() if value is not None}
        if self.task_history_limit is not None:
            spec["Orchestration"] = {"TaskHistoryRetentionLimit": self.task_history_limit}
        if self.dispatcher_heartbeat is not None:
            spec["Dispatcher"] = {"HeartbeatPeriod": int(self.dispatcher_heartbeat * NANOSECONDS)}
        if self.cert_expiry is not None:
            spec["CAConfig"] = {"NodeCertExpiry": int(self.cert_expiry * NANOSECONDS)}
        return spec

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the host's state: the engine may be in a new swarm without a leader."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            state = f"`{self.host}` does not respond: whether it is part of a cluster is unknown."
        elif host.membership == "inactive" and self.force_new_cluster:
            state = (
                f"`{self.host}` is not part of any cluster until its engine restarts. Its swarm state is unchanged on "
                "its disk."
            )
        elif host.membership == "inactive":
            state = f"`{self.host}` is not part of any cluster. Nothing was changed."
        elif facts.member(self.host):
            state = f"Despite the error, `{self.host}` is now a manager of a new cluster, `{host.swarm_id}`."
        else:
            why = plain_line(host.swarm_error) or "the cluster has no leader yet"
            state = f"`{self.host}` is `{host.membership}`: {why}."
        step = "Fix this, then press Retry."
        tried = self.force_new_cluster and not isinstance(error, Refused)
        if tried and host is not None and host.responds and not facts.member(self.host):
            # Its swarm stops before it is forced. If that fails, it stays stopped, and its tasks with it.
            state = stopped_text(host) if host.swarm_stopped else f"{state} Its tasks may have stopped."
            step = f"Run `systemctl restart docker` on `{self.host}`, then press Retry."
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)
