"""Write a machine's SSH host key to known_hosts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.model import Engines, Facts, FactsQuery, Operation


@dataclass(frozen=True, slots=True)
class TrustHostKey(Operation):
    """Trust the key that a machine shows, if it still shows that key."""

    kind: ClassVar[str] = "trust-host-key"
    timeout_s: ClassVar[float] = 5.0

    host: str
    machine: str
    """The host itself, or a jump host on the route to it."""
    known_as: str
    """The machine's name in known_hosts."""
    fingerprint: str
    """The key's fingerprint, as ``ssh-keygen -l`` prints it."""
    known: tuple[str, ...] = ()
    """The fingerprints in known_hosts when this was requested: an approval binds to them too."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"writing the host key of `{self.machine}` to known_hosts"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"known_hosts has the host key {self.fingerprint} of `{self.machine}`"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the keys on the route to the host."""
        return FactsQuery(host_keys=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the machine shows this key and known_hosts has it."""
        return any(
            key.machine == self.machine and key.fingerprint == self.fingerprint and key.status == "trusted"
            for key in facts.host_keys.get(self.host, ())
        )

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Write the key. The engine refuses if the machine shows another key now."""
        del facts
        engines[self.host].trust(self.machine, self.fingerprint)
