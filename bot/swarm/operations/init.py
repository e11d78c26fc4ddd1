"""Make a cluster: ``POST /swarm/init``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import escape_line
from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Json, Operation
from bot.swarm.health.lost_quorum import is_back_in_quorum
from bot.swarm.reading.cluster_settings import NANOSECONDS
from bot.swarm.recovery.split_brain import refuse_beside_quorum

# The mask length that Docker's own command sends unless told otherwise; the API's default is 0.
SUBNET_SIZE = 24


@dataclass(frozen=True, slots=True)
class Init(Operation):
    """A one-manager cluster on ``host``. Times are in seconds; None leaves the engine's own default.

    With ``force_new_cluster`` the host keeps its state and becomes the only manager of its old cluster.
    """

    kind: ClassVar[str] = "init"
    patience: ClassVar[float] = 60.0

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
    force_new_cluster: bool = False

    @property
    def doing(self) -> str:
        """The step in words."""
        if self.force_new_cluster:
            return f"`{self.host}` made the only manager of {self.cluster}"
        return f"`{self.host}` initialising {self.cluster}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        if self.force_new_cluster:
            return f"{self.cluster} has a quorum with `{self.host}`"
        return f"`{self.host}` leads {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """Its own host is enough."""
        return FactsQuery(hosts=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """The host is a manager and leads; with ``force_new_cluster`` it is in a cluster that has a quorum.

        That it is the only one is not asked: begun anew after a crash, others may have joined it since.
        """
        if self.force_new_cluster:
            return is_back_in_quorum(facts, self.host)
        node = facts.member(self.host)
        return node is not None and node.leader

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Initialise; never force a second cluster beside managers that have a quorum again."""
        if self.force_new_cluster:
            refuse_beside_quorum(facts, self.host)
        engines[self.host].init_swarm(self.request())

    def request(self) -> Json:
        """The body of ``POST /swarm/init``; only what was asked for stands in its spec."""
        return {
            "ListenAddr": self.listen_addr,
            "AdvertiseAddr": self.advertise_addr,
            "DataPathAddr": self.data_path_addr,
            "DataPathPort": self.data_path_port,
            "DefaultAddrPool": list(self.default_addr_pool),
            "SubnetSize": self.default_addr_pool_mask_length or SUBNET_SIZE,
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
        """An engine that answered with an error may still be in a new swarm, without a leader yet."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.answers:
            truth = f"`{self.host}` does not answer, so it is not known whether it is in a cluster."
        elif host.membership == "inactive" and self.force_new_cluster:
            truth = (
                f"`{self.host}` is in no cluster until its engine is started anew; its state is on its disk as it was."
            )
        elif host.membership == "inactive":
            truth = f"`{self.host}` is in no cluster. Nothing was changed."
        elif facts.member(self.host):
            truth = f"All the same `{self.host}` is now a manager of a new cluster, `{host.swarm_id}`."
        else:
            why = escape_line(host.swarm_error) or "no leader is seen"
            truth = f"`{self.host}` is in the state `{host.membership}`: {why}."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or "Mend it and press Retry.")
