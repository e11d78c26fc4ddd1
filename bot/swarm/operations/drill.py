"""Restore a backup onto a throwaway engine, compare it with the living cluster, and remove the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed, HostUnreachable, Refused, SwarmbotError
from bot.model import Backup, Drill, Engines, Facts, FactsQuery, Operation
from bot.swarm.operations.init import Init
from bot.swarm.reading.certificates import ca_rotated_since, fingerprint_of
from bot.swarm.reading.inventory import compare, read_inventory
from bot.swarm.recovery.autolock import decrypted_backup
from bot.text.suggest import listed

NOWHERE = "127.0.0.1"
"""What a throwaway engine advertises: nobody is to find it."""


@dataclass(frozen=True, slots=True)
class DrillBackup(Operation):
    """The backup ``backup`` ("" for the newest) tried on a throwaway engine on ``host``, after the one at ``after``.

    ``after`` is when it was drilled before, in unix seconds, 0 for never. ``autolocked``: its key file is opened with
    the key that somebody typed, here and in the memory of the throwaway engine alone.
    """

    kind: ClassVar[str] = "drill-backup"
    patience: ClassVar[float] = 0.0

    host: str
    cluster: str
    backup: str = ""
    after: float = 0.0
    autolocked: bool = False

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"{self._shown} restored onto a throwaway engine on `{self.host}` and compared with {self.cluster}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"{self._shown} gives {self.cluster} back; the throwaway engine on `{self.host}` is gone"

    @property
    def _shown(self) -> str:
        return f"the backup `{self.backup}`" if self.backup else f"the newest backup of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """The backups with what came of their drills."""
        return FactsQuery(hosts=(self.host,), backups=True)

    def satisfied(self, facts: Facts) -> bool:
        """It was drilled since, and nothing speaks against it."""
        drill = self._drill(facts)
        return drill is not None and not drill.faults

    def seen(self, facts: Facts) -> str:
        """With how many objects are the same, and what came after the backup."""
        drill = self._drill(facts)
        if drill is None:
            return self.done
        since = f"; since then {listed(drill.since)}" if drill.since else ""
        return f"{self.done}: {drill.same} object{'' if drill.same == 1 else 's'} as they are{since}"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Restore, compare and note what came of it."""
        backup = self._backup(facts)
        if backup is None or facts.swarm is None:
            raise Failed(f"{self._shown} cannot be compared: it, or a manager of {self.cluster}, is not there.")
        packed = engines.backup_store.open(backup)
        if self.autolocked:
            packed = decrypted_backup(facts, backup, packed)
        with engines[self.host].throwaway_engine(packed) as throwaway_engine:
            force = Init(
                host=self.host,
                cluster=self.cluster,
                advertise_addr=NOWHERE,
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
        other = ("its root certificate is not the one that was noted",) if root != backup.ca_fingerprint else ()
        drill = Drill(facts.at, self.host, found.same, (*rotated, *found.since), (*other, *found.faults))
        engines.backup_store.note(backup, drill)
        if drill.faults:
            raise Failed(
                f"{self._shown} does not give {self.cluster} back: {listed(drill.faults)}.",
                next_step="Take another: `/swarm backup`, then `/swarm backup --drill`.",
            )

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """The throwaway engine is seen to end unless its host is lost; it hangs on the connection."""
        del engines, facts
        unseen = isinstance(error, HostUnreachable) and error.host == self.host
        ends = "ends with its connection, within ten minutes at the latest" if unseen else "is gone"
        truth = f"{self.cluster} is unchanged; the throwaway engine on `{self.host}` {ends}."
        return Failed(error.happened, true_now=truth, next_step=error.next_step)

    def _backup(self, facts: Facts) -> Backup | None:
        return facts.backups.find(self.backup or "latest")

    def _drill(self, facts: Facts) -> Drill | None:
        backup = self._backup(facts)
        drill = backup.drill if backup else None
        return drill if drill and drill.at > self.after else None


def choose_drill_host(facts: Facts, named: str) -> str:
    """The host for a throwaway engine: in no cluster, for the CA's key is in its memory meanwhile."""
    if not named:
        free = [host.name for host in facts.hosts.values() if host.responds and host.membership == "inactive"]
        if not free:
            raise Refused(
                f"a drill needs a host that is in no cluster, and {facts.name} has none that answers.",
                true_now="Nothing was changed.",
                next_step="Add a machine with Docker to the cluster's hosts in swarmbot.yml.",
            )
        return free[0]
    host = facts.host(named)
    if host.failure:
        raise Refused(host.failure.happened, true_now="Nothing was changed.", next_step=host.failure.next_step)
    if host.membership != "inactive":
        raise Refused(
            f"{tick(named)} is in a cluster ({host.membership}): a drill runs on a host that is in none.",
            true_now="Nothing was changed.",
            next_step="Name another, or none: the first free host is taken.",
        )
    return named
