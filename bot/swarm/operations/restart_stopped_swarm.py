"""Restart an engine whose swarm stopped when a new cluster was to be forced on it, and was not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, HostFacts, Operation
from bot.swarm.health.issues import stopped_swarm_text
from bot.swarm.recovery.split_brain import refuse_beside_quorum


@dataclass(frozen=True, slots=True)
class RestartStoppedSwarm(Operation):
    """Restart an engine that was seen to have stopped its swarm; nothing if its swarm runs.

    Such an engine starts its swarm again only when it restarts, with the state that is on its disk, and can be forced
    then (docs/decisions/0057). Not for an autolocked one, which would be locked, nor for one with live-restore, which
    would not start again.
    """

    kind: ClassVar[str] = "restart-stopped-swarm"
    timeout_s: ClassVar[float] = 60.0

    host: str
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"restarting the engine of `{self.host}` if its swarm has stopped"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the swarm of `{self.host}` runs"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host."""
        return FactsQuery(hosts=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the engine runs as a member, with or without a quorum."""
        host = facts.hosts.get(self.host)
        return host is not None and host.responds and host.runs_as_member

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Restart the engine if its swarm was seen to have stopped. Raise Refused if the cluster has a quorum again."""
        if has_stopped_swarm(facts.hosts.get(self.host)):
            refuse_beside_quorum(facts, self.host)
            engines[self.host].restart_engine()

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state that the engine reports, and how its swarm starts again."""
        del engines
        host = facts.hosts.get(self.host)
        state = f"Whether the swarm of `{self.host}` runs is unknown."
        if host is not None and has_stopped_swarm(host):
            state = stopped_text(host)
        step = f"Run `systemctl restart docker` on `{self.host}`, then press Retry."
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)


def has_stopped_swarm(host: HostFacts | None) -> bool:
    """Return whether an engine that was to be forced was seen not to run its swarm any more."""
    return host is not None and host.responds and (host.swarm_stopped or host.membership == "error")


def stopped_text(host: HostFacts) -> str:
    """Return that the swarm of an engine has stopped, in the words of the engine, as sentences."""
    text = stopped_swarm_text(host, tick(host.name))
    return f"{text[0].upper()}{text[1:]}. Its tasks may have stopped."
