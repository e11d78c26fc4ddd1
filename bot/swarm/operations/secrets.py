"""Rotate join tokens and the unlock key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from bot.model import Engines, Facts, FactsQuery, Operation, Revealed, Role
from bot.secrets.secret import Secret
from bot.swarm.operations.spec_updates import reading_manager, unchanged, update_cluster_spec


@dataclass(frozen=True, slots=True)
class RotateToken(Operation):
    """Another join token for ``role`` than the one whose fingerprint is ``before``."""

    kind: ClassVar[str] = "rotate-token"

    role: Role
    cluster: str
    before: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"rotating the {self.role} token of {self.cluster}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"the {self.role} token of {self.cluster} is a new one; the old one joins nothing"

    @property
    def secret(self) -> Revealed:
        """Which secret it changes."""
        return "manager token" if self.role == "manager" else "worker token"

    @property
    def query(self) -> FactsQuery:
        """The token itself, to compare its fingerprint."""
        return FactsQuery(secrets=(self.secret,))

    def satisfied(self, facts: Facts) -> bool:
        """The token's fingerprint is another."""
        token = facts.secrets.get(self.secret)
        return token is not None and fingerprint(token) != self.before

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Write the whole spec back with the rotation asked for: docker-py's own call would wipe it."""
        update_cluster_spec(
            reading_manager(engines, facts, "The token is as it was."),
            unchanged,
            rotate_worker_token=self.role == "worker",
            rotate_manager_token=self.role == "manager",
        )


def fingerprint(token: Secret) -> str:
    """Sixteen hex digits that tell one token from another and cannot be turned back (128 random bits are in each)."""
    return hashlib.sha256(b"swarmbot token " + token.reveal().encode()).hexdigest()[:16]


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
        update_cluster_spec(reading_manager(engines, facts, "The key is as it was."), unchanged, rotate_unlock_key=True)
