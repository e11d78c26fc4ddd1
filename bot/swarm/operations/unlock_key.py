"""Rotation of the key that unlocks managers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.model import Engines, Facts, FactsQuery, Operation
from bot.swarm.operations.records import manager_of
from bot.swarm.operations.spec import unchanged, update_spec
from bot.swarm.operations.tokens import fingerprint


@dataclass(frozen=True, slots=True)
class RotateUnlockKey(Operation):
    """Another unlock key than the one whose fingerprint is ``before``. Managers ask for it from their next restart."""

    kind: ClassVar[str] = "rotate-unlock-key"

    cluster: str
    before: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"rotating the unlock key of {self.cluster}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"the unlock key of {self.cluster} is a new one"

    @property
    def query(self) -> FactsQuery:
        """The key itself, to compare its fingerprint."""
        return FactsQuery(secrets=("unlock key",))

    def satisfied(self, facts: Facts) -> bool:
        """The key's fingerprint is another."""
        key = facts.secrets.get("unlock key")
        return key is not None and bool(key) and fingerprint(key) != self.before

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Write the whole spec back with the rotation asked for."""
        update_spec(manager_of(engines, facts, "The key is as it was."), unchanged, rotate_unlock_key=True)
