"""Unlock a manager whose engine waits for the key since it was started: ``POST /swarm/unlock`` on that host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from bot.blocks import escape_line
from bot.errors import EngineError, Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, HostFacts, Operation
from bot.swarm.recovery.autolock import typed_key

OTHER_KEY: Final = 401
NO_KEY: Final = 400


def is_unlocked(host: HostFacts) -> bool:
    """Whether a host is a manager of some cluster whose engine has its key, be there a quorum or not."""
    return host.answers and host.takes_part


@dataclass(frozen=True, slots=True)
class Unlock(Operation):
    """``host`` is locked no more and, with ``reachable``, a manager that the others reach in Raft.

    Without a quorum an unlocked engine is ``pending`` until there is one (measured on 20.10). The key is in no plan: it
    is in ``facts.typed_secret`` while the job runs, and once.
    """

    kind: ClassVar[str] = "unlock"
    patience: ClassVar[float] = 60.0

    host: str
    cluster: str
    reachable: bool

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"unlocking `{self.host}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        if self.reachable:
            return f"`{self.host}` is unlocked, and a reachable manager of {self.cluster}"
        return f"`{self.host}` is unlocked"

    @property
    def query(self) -> FactsQuery:
        """The host itself."""
        return FactsQuery(hosts=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """The engine is unlocked, and where that is wanted the managers see it ready and reachable."""
        host = facts.hosts.get(self.host)
        if not self.reachable:
            return host is not None and is_unlocked(host)
        node = facts.member(self.host)
        return host is not None and host.membership == "active" and node is not None and node.ready

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Give the engine the key."""
        host = facts.hosts.get(self.host)
        if host is not None and is_unlocked(host):
            return
        engines[self.host].unlock_swarm(typed_key(facts))

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell how the host stands, and what was wrong with the key."""
        del engines
        status = error.status if isinstance(error, EngineError) else 0
        happened, step = error.happened, error.next_step or f"`/swarm unlock {self.host}` tries again."
        if status == OTHER_KEY:
            happened = f"The key does not unlock `{self.host}`."
            step = (
                f"`/swarm unlock {self.host}` with the key that counted when its engine last ran: "
                "a rotated one counts from the next restart."
            )
        elif status == NO_KEY:
            happened = "What was given is no unlock key."
            step = f"`/swarm unlock {self.host}` with the whole key, from `SWMKEY-1-` on."
        elif facts.swarm is None and self.host in facts.hosts and is_unlocked(facts.hosts[self.host]):
            step = f"Bring the other managers back. If they never come: `/swarm recover {self.host} --unlock`."
        return Failed(happened, true_now=self._standing(facts.hosts.get(self.host), facts), next_step=step)

    def _standing(self, host: HostFacts | None, facts: Facts) -> str:
        if host is None or not host.answers:
            return f"`{self.host}` does not answer, so it is not known whether it is unlocked."
        if host.membership == "locked":
            return f"`{self.host}` is still locked. Nothing was changed."
        node = facts.member(self.host)
        if node is not None:
            return f"`{self.host}` is unlocked; the managers see it {node.state}, {node.standing}."
        reason = f": {escape_line(host.swarm_error)}" if host.swarm_error else ""
        return f"`{self.host}` is unlocked (`{host.membership}`) and no manager with a quorum could be read{reason}."
