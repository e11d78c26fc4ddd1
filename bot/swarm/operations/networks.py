"""Ensure that an engine creates networks of its cluster after a new cluster was forced on it; otherwise restart it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import plain_line
from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation


@dataclass(frozen=True, slots=True)
class RegainNetworks(Operation):
    """Create a network of the cluster through a manager's engine, and remove it; restart the engine if it refuses.

    An engine on which a new cluster is forced may lose its networks until it restarts: it manages the cluster, but
    neither creates a network nor starts a task on one (docs/swarm-behaviour.md#recovery). It is not for an autolocked
    engine, which would be locked after the restart.
    """

    kind: ClassVar[str] = "regain-networks"
    timeout_s: ClassVar[float] = 60.0

    host: str
    cluster: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"seeing that the engine of `{self.host}` makes networks of {self.cluster}"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the engine of `{self.host}` makes networks of {self.cluster}"

    @property
    def query(self) -> FactsQuery:
        """Return a query that tries it."""
        return FactsQuery(hosts=(self.host,), tried_networks=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether a network was made."""
        host = facts.hosts.get(self.host)
        return host is not None and host.network_refusal == ""

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Restart the engine if it was seen to refuse. After another error it is tried again until the time-out."""
        host = facts.hosts.get(self.host)
        if host is not None and host.network_refusal:
            engines[self.host].restart_engine()

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with what the engine said last, and how its networks come back."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.network_refusal:
            why = f" {plain_line(host.network_error)}" if host and host.network_error else ""
            state = f"Whether the engine of `{self.host}` makes networks of {self.cluster} is unknown.{why}"
            step = f"`/swarm status` shows whether `{self.host}` responds; `/swarm check --all` tries its networks."
            return Failed(error.happened, true_now=state, next_step=error.next_step or step)
        return Failed(
            error.happened,
            true_now=f"The engine of `{self.host}` makes no network of {self.cluster}, and no task on a network starts "
            f"there: {plain_line(host.network_refusal)}",
            next_step=f"Run `systemctl restart docker` on `{self.host}`. Then `/swarm check --all` tests the networks.",
        )
