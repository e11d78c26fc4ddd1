"""Restore a backup onto a throwaway engine, compare it with the living cluster, and remove the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from bot.blocks import tick
from bot.errors import Failed, HostUnreachable, Refused, SwarmbotError
from bot.model import Backup, Drill, Engines, Facts, FactsQuery, Operation
from bot.swarm.operations.init import Init
from bot.swarm.reading.certificates import ca_rotated_since, fingerprint_of
from bot.swarm.reading.inventory import compare, read_inventory
from bot.swarm.recovery.autolock import decrypted_backup
from bot.text.suggest import listed, number_of

# No other host can reach a throwaway engine at this address.
DRILL_ADVERTISE_ADDR: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class DrillBackup(Operation):
    """Restore a backup to a throwaway engine, compare it with the cluster, and store the result."""

    kind: ClassVar[str] = "drill-backup"
    timeout_s: ClassVar[float] = 0.0

    host: str
    cluster: str
    backup: str = ""
    """The backup's id; "" for the newest."""
    after: float = 0.0
    """When the backup was last drilled, in unix seconds; 0 for never."""
    autolocked: bool = False
    """Whether the key file is decrypted with the typed key, in the memory of the worker and the throwaway engine."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"restoring {self._shown} to a throwaway engine on `{self.host}` and comparing it with {self.cluster}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"{self._shown} restores {self.cluster}; the throwaway engine on `{self.host}` is removed"

    @property
    def _shown(self) -> str:
        return f"the backup `{self.backup}`" if self.backup else f"the newest backup of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the backups and the results of their drills."""
        return FactsQuery(hosts=(self.host,), backups=True)

    @property
    def needs_typed_secret(self) -> bool:
        """Return whether the unlock key is used: if the backup is autolocked."""
        return self.autolocked

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the backup was drilled since, without faults."""
        drill = self._drill(facts)
        return drill is not None and not drill.faults

    def seen(self, facts: Facts) -> str:
        """Return the state with the number of identical objects and what changed after the backup."""
        drill = self._drill(facts)
        if drill is None:
            return self.done
        since = f"; changed since the backup: {listed(drill.since)}" if drill.since else ""
        return f"{self.done}: {number_of(drill.same, 'object')} identical{since}"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Restore, compare and store the result. Raise Failed if the backup does not restore the cluster."""
        backup = self._backup(facts)
        if backup is None or facts.swarm is None:
            raise Failed(f"{self._shown} cannot be compared: the backup or a manager of {self.cluster} cannot be read.")
        packed = engines.backup_store.read(backup)
        if self.autolocked:
            packed = decrypted_backup(facts, backup, packed)
        with engines[self.host].throwaway_engine(packed) as throwaway_engine:
            force = Init(
                host=self.host,
                cluster=self.cluster,
                advertise_addr=DRILL_ADVERTISE_ADDR,
                autolock=self.autolocked,
                force_new_cluster=True,
            )
            throwaway_engine.init_swarm(force.request())
            restored, root = (
                read_inventory(throwaway_engine),
                fingerprint_of(throwaway_engine.swarm()["TLSInfo"]["TrustRoot"]),
            )
        living = read_inventory(engines[facts.swarm.read_from])
        found = compare(living, restored, backup.taken_at)
        rotated = ("the root certificate was rotated",) if ca_rotated_since(backup, facts.swarm) else ()
        other = ("its root certificate is not the one that the backup names",) if root != backup.ca_fingerprint else ()
        drill = Drill(facts.at, self.host, found.same, (*rotated, *found.since), (*other, *found.faults))
        engines.backup_store.add_drill(backup, drill)
        if drill.faults:
            raise Failed(
                f"{self._shown} does not restore {self.cluster}: {listed(drill.faults)}.",
                next_step="Take a new backup: `/swarm backup`, then `/swarm backup --drill`.",
            )

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state of the throwaway engine, which ends with its connection."""
        del engines, facts
        unseen = isinstance(error, HostUnreachable) and error.host == self.host
        ends = "ends with its connection, within 10 minutes at most" if unseen else "is removed"
        state = f"{self.cluster} is unchanged; the throwaway engine on `{self.host}` {ends}."
        return Failed(error.happened, true_now=state, next_step=error.next_step)

    def _backup(self, facts: Facts) -> Backup | None:
        return facts.backups.find(self.backup or "latest")

    def _drill(self, facts: Facts) -> Drill | None:
        backup = self._backup(facts)
        drill = backup.drill if backup else None
        return drill if drill and drill.at > self.after else None


def choose_drill_host(facts: Facts, named: str) -> str:
    """Return a host that is not part of any cluster, for a throwaway engine: the CA's key is in its memory."""
    if not named:
        free = [host.name for host in facts.hosts.values() if host.responds and host.membership == "inactive"]
        if not free:
            raise Refused(
                f"a drill needs a host that is not part of any cluster, and {facts.name} has none that responds.",
                true_now="Nothing was changed.",
                next_step=f"Add a host with Docker to {facts.name} in swarmbot.yml.",
            )
        return free[0]
    host = facts.host(named)
    if host.failure:
        raise Refused(host.failure.happened, true_now="Nothing was changed.", next_step=host.failure.next_step)
    if host.membership != "inactive":
        raise Refused(
            f"{tick(named)} is part of a cluster (`{host.membership}`): a drill needs a host that is not.",
            true_now="Nothing was changed.",
            next_step="`/swarm backup --drill` chooses a free host.",
        )
    return named
