"""Make an old manager leave a cluster that has lost its quorum: ``POST /swarm/leave`` with force."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation, RaftMembers
from bot.swarm.health.lost_quorum import goes_on
from bot.swarm.quorum import has_quorum


@dataclass(frozen=True, slots=True)
class Depart(Operation):
    """``host`` in no cluster, seen by its own engine: its Raft state is gone from its disk, so it cannot come back.

    ``node`` is its node id, "" where the engine does not tell it.
    """

    kind: ClassVar[str] = "depart"
    patience: ClassVar[float] = 60.0
    weakens: ClassVar[bool] = True

    host: str
    node: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` leaving what is left of {self.cluster}"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` has left and cannot come back by itself"

    @property
    def query(self) -> FactsQuery:
        """The host itself."""
        return FactsQuery(hosts=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Without it."""
        return members.left(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """It is in no cluster; or, when this is begun anew after a crash, it has joined the recovered one already."""
        host = facts.hosts.get(self.host)
        if host is None or not host.answers:
            return False
        return host.membership == "inactive" or goes_on(facts, self.host)

    def seen(self, facts: Facts) -> str:
        """That it left; or, where it need not any more, why."""
        return told_in_again(facts, self.host) or self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Leave, unless there is a quorum again: then it may be one that counts."""
        if has_quorum(facts):
            raise Refused(f"{self.cluster} has a quorum again, so `{self.host}` was not made to leave.")
        engines[self.host].leave_swarm(force=True)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what its engine says."""
        del engines
        host = facts.hosts.get(self.host)
        answers = host is not None and host.answers
        truth = f"`{self.host}` is `{host.membership}`." if host and answers else f"`{self.host}` does not answer."
        step = f"`/swarm status`; if `{self.host}` never comes back, `/swarm recover --gone {self.host}`."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or step)


def told_in_again(facts: Facts, host: str) -> str:
    """That it is a manager of a cluster with a quorum, in words; "" where it is not so."""
    return f"`{host}` is a reachable manager of {facts.name}, which has a quorum" if goes_on(facts, host) else ""
