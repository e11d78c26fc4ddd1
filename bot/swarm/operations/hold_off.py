"""Hold off an old manager whose engine does not run: its swarm state is moved out of the engine's way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.blocks import tick
from bot.errors import Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation, RaftMembers
from bot.swarm.health.lost_quorum import goes_on
from bot.swarm.operations.depart import told_in_again
from bot.swarm.quorum import has_quorum


@dataclass(frozen=True, slots=True)
class HoldOff(Operation):
    """``host`` in no cluster whenever its engine starts, seen on its disk. Nothing is deleted.

    ``node`` is its node id.
    """

    kind: ClassVar[str] = "hold off"
    weakens: ClassVar[bool] = True

    host: str
    node: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` held off, its engine being stopped"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` is held off and cannot come back by itself"

    @property
    def query(self) -> FactsQuery:
        """The host, and its disk."""
        return FactsQuery(hosts=(self.host,), stopped=(self.host,))

    def raft(self, members: RaftMembers) -> RaftMembers:
        """It counts until its record is removed, and does not answer."""
        return members.stopped(self.node)

    def satisfied(self, facts: Facts) -> bool:
        """Its state lies aside; or its engine runs again and is in no cluster, or in the recovered one."""
        host = facts.hosts.get(self.host)
        if host is None or not host.answers:
            return host is not None and host.stopped is not None and host.stopped.held_off
        return host.membership == "inactive" or goes_on(facts, self.host)

    def seen(self, facts: Facts) -> str:
        """With the folder that its state lies in now; or, where it need not be any more, why."""
        stopped = facts.host(self.host).stopped
        held_off = f"{self.done}: its swarm state lies in {tick(stopped.folder)}" if stopped else self.done
        return told_in_again(facts, self.host) or held_off

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Move it, unless that is needed no more or not enough: a quorum is there again, or its engine is."""
        if has_quorum(facts):
            raise Refused(f"{self.cluster} has a quorum again, so `{self.host}` was not held off.")
        if facts.host(self.host).answers:
            raise Refused(f"The engine of `{self.host}` runs again.", next_step="`/swarm recover` makes it leave.")
        engines[self.host].hold_off()

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what its disk, or its engine, says."""
        del engines
        host = facts.hosts.get(self.host)
        if host is not None and host.answers:
            truth = f"`{self.host}` answers and is `{host.membership}`."
        elif host is not None and host.stopped is not None and not host.stopped.held_off:
            truth = f"Its swarm state lies in `{host.stopped.folder}` as before, and its engine does not run."
        else:
            truth = f"It is not known whether `{self.host}` is held off."
        step = "`/swarm recover` looks at everything anew."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or step)
