"""Put a backup's state into the swarm folder of a fresh engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation
from bot.swarm.recovery.given_key import opened_backup


@dataclass(frozen=True, slots=True)
class PlaceState(Operation):
    """The state of the backup ``backup`` in the swarm folder of ``host``, whose engine is in no cluster yet.

    ``autolocked``: its key file is opened here, with the key that somebody typed; the engine encrypts it again when it
    is forced.
    """

    kind: ClassVar[str] = "place state"
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
        return FactsQuery(hosts=(self.host,), placed=(self.host,), backups=True)

    def satisfied(self, facts: Facts) -> bool:
        """The folder names this backup, and the engine runs."""
        host = facts.hosts.get(self.host)
        return host is not None and host.answers and host.placed == self.backup

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Open the backup first: nothing is touched for one that is damaged."""
        backup = facts.backups.find(self.backup)
        if backup is None:
            raise Refused(f"the backup `{self.backup}` is not in its folder any more.")
        packed = engines.backup_store.open(backup)
        if self.autolocked:
            packed = opened_backup(facts, backup, packed)
        engines[self.host].place_swarm(packed, self.backup)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what is in the folder."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.answers:
            truth = f"`{self.host}` does not answer, so it is not known what its swarm folder holds."
        elif host.placed == "":
            truth = f"`{self.host}` is as it was: its swarm folder is empty."
        else:
            truth = f"The swarm folder of `{self.host}` is not empty."
        return Failed(error.happened, true_now=truth, next_step=error.next_step)
