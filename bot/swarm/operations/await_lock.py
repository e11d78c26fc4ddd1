"""See that an engine has encrypted its key file again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation


@dataclass(frozen=True, slots=True)
class AwaitLock(Operation):
    """The key file of ``host`` is encrypted: forced, its engine does it by itself with the cluster's unlock key."""

    kind: ClassVar[str] = "await lock"
    only_looks: ClassVar[bool] = True
    patience: ClassVar[float] = 60.0

    host: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` encrypting its key file again"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"the key file of `{self.host}` is encrypted, by the unlock key as before"

    @property
    def query(self) -> FactsQuery:
        """The key file."""
        return FactsQuery(hosts=(self.host,), key_files=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """It is."""
        host = facts.hosts.get(self.host)
        return host is not None and host.key_file is not None and host.key_file.locked

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Nothing: it is the engine's to do."""

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what lies open."""
        del engines, facts
        return Failed(
            error.happened,
            true_now=f"{self.cluster} has a quorum; the key file of `{self.host}` lies open on its disk, or cannot be "
            "read.",
            next_step="`/swarm unlock-key --rotate` makes the engines encrypt anew.",
        )
