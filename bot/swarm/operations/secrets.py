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
    """Replace the join token of a role."""

    kind: ClassVar[str] = "rotate-token"

    role: Role
    cluster: str
    before: str
    """The :func:`secret_fingerprint` of the old token."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"rotating the {self.role} token of {self.cluster}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the {self.role} token of {self.cluster} is rotated; the old token does not work any more"

    @property
    def secret(self) -> Revealed:
        """Return the secret that it replaces."""
        return "manager token" if self.role == "manager" else "worker token"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the token, to compare its fingerprint."""
        return FactsQuery(secrets=(self.secret,))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the token has another fingerprint."""
        token = facts.secrets.get(self.secret)
        return token is not None and secret_fingerprint(token) != self.before

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Rotate the token with the whole spec: docker-py's own call would reset the spec."""
        update_cluster_spec(
            reading_manager(engines, facts, "The token is unchanged."),
            unchanged,
            rotate_worker_token=self.role == "worker",
            rotate_manager_token=self.role == "manager",
        )


def secret_fingerprint(token: Secret) -> str:
    """Return 16 hex digits that identify a token and cannot be reversed: each token has 128 random bits."""
    return hashlib.sha256(b"swarmbot token " + token.reveal().encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class RotateUnlockKey(Operation):
    """Replace the unlock key. Managers need the new key from their next restart."""

    kind: ClassVar[str] = "rotate-unlock-key"

    cluster: str
    before: str
    """The :func:`secret_fingerprint` of the old key."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"rotating the unlock key of {self.cluster}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the unlock key of {self.cluster} is rotated"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the key, to compare its fingerprint."""
        return FactsQuery(secrets=("unlock key",))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the key has another fingerprint."""
        key = facts.secrets.get("unlock key")
        return key is not None and bool(key) and secret_fingerprint(key) != self.before

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Rotate the key with the whole spec."""
        update_cluster_spec(
            reading_manager(engines, facts, "The unlock key is unchanged."), unchanged, rotate_unlock_key=True
        )
