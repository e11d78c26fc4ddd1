"""Take the SSH host key that a machine shows for its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.model import Engines, Facts, FactsQuery, Operation


@dataclass(frozen=True, slots=True)
class TrustHostKey(Operation):
    """The key with ``fingerprint`` in known_hosts for ``machine``, which is ``host`` or a jump on the way to it.

    ``known`` are the fingerprints that stood there when it was asked; an approval binds to both.
    """

    kind: ClassVar[str] = "trust-host-key"
    patience: ClassVar[float] = 5.0

    host: str
    machine: str
    known_as: str
    fingerprint: str
    known: tuple[str, ...] = ()

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"the host key of `{self.machine}` written down"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.machine}` is trusted with the host key {self.fingerprint}"

    @property
    def query(self) -> FactsQuery:
        """The keys on the way to the host."""
        return FactsQuery(host_keys=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """The machine shows this very key, and known_hosts has it."""
        return any(
            key.machine == self.machine and key.fingerprint == self.fingerprint and key.standing == "trusted"
            for key in facts.host_keys.get(self.host, ())
        )

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Write it, unless the machine shows another key now."""
        del facts
        engines[self.host].trust(self.machine, self.fingerprint)
