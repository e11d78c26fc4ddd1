"""Unlock a manager whose engine has waited for the unlock key since it started: ``POST /swarm/unlock`` on that host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

from bot.blocks import plain_line
from bot.errors import EngineError, Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, HostFacts, Operation
from bot.swarm.recovery.autolock import typed_key

STATUS_WRONG_KEY: Final = 401
STATUS_NOT_A_KEY: Final = 400


def is_unlocked(host: HostFacts) -> bool:
    """Return whether the engine of a manager has its unlock key, with or without a quorum."""
    return host.responds and host.runs_as_member


@dataclass(frozen=True, slots=True)
class Unlock(Operation):
    """Unlock the engine of a manager with the key that the requester typed.

    Without a quorum an unlocked engine is ``pending`` until there is one (measured on 20.10). The key is not part of
    the plan: it is in ``facts.typed_secret`` while the job runs.
    """

    kind: ClassVar[str] = "unlock"
    timeout_s: ClassVar[float] = 60.0

    host: str
    cluster: str
    reachable: bool
    """Whether the other managers must then reach it in Raft."""

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"unlocking `{self.host}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        if self.reachable:
            return f"`{self.host}` is unlocked and a reachable manager of {self.cluster}"
        return f"`{self.host}` is unlocked"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host."""
        return FactsQuery(hosts=(self.host,))

    @property
    def needs_typed_secret(self) -> bool:
        """Return whether the unlock key is used: always."""
        return True

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the engine is unlocked and, if wanted, the managers report it ready and reachable."""
        host = facts.hosts.get(self.host)
        if not self.reachable:
            return host is not None and is_unlocked(host)
        node = facts.member(self.host)
        return host is not None and host.membership == "active" and node is not None and node.ready

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Unlock the engine. Raise Failed if the typed key is not there any more."""
        host = facts.hosts.get(self.host)
        if host is not None and is_unlocked(host):
            return
        engines[self.host].unlock_swarm(typed_key(facts))

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the host's state and what was wrong with the key."""
        del engines
        status = error.status if isinstance(error, EngineError) else 0
        happened, step = error.happened, error.next_step or f"`/swarm unlock {self.host}` tries again."
        if status == STATUS_WRONG_KEY:
            happened = f"This key does not unlock `{self.host}`."
            step = (
                f"`/swarm unlock {self.host}` with the key that was valid when its engine last ran: "
                "a rotated key is valid from the next restart."
            )
        elif status == STATUS_NOT_A_KEY:
            happened = "This is not an unlock key."
            step = f"`/swarm unlock {self.host}` with the whole key: it starts with `SWMKEY-1-`."
        elif facts.swarm is None and self.host in facts.hosts and is_unlocked(facts.hosts[self.host]):
            step = (
                f"Bring the other managers back. If they are permanently lost: `/swarm recover {self.host} --unlock`."
            )
        return Failed(happened, true_now=self._status(facts.hosts.get(self.host), facts), next_step=step)

    def _status(self, host: HostFacts | None, facts: Facts) -> str:
        if host is None or not host.responds:
            return f"`{self.host}` does not respond: whether it is unlocked is unknown."
        if host.membership == "locked":
            return f"`{self.host}` is still locked. Nothing was changed."
        node = facts.member(self.host)
        if node is not None:
            return f"`{self.host}` is unlocked; the managers report it {node.state}, {node.raft_state}."
        reason = f": {plain_line(host.swarm_error)}" if host.swarm_error else ""
        return f"`{self.host}` is unlocked (`{host.membership}`), and no manager with a quorum could be read{reason}."
