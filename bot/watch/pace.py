"""How soon a cluster is read again: quickly while something is wrong or has just changed, slowly while all is quiet."""

from __future__ import annotations

from typing import Final

from bot.model import Facts
from bot.model.incident import WatchState

QUICK_FOR_S: Final = 30.0
"""How long after a change the cluster is read at the quick interval."""
LEADERLESS_S: Final = 1.0
"""The quick interval while no manager can be read: there may be an election."""
SLOWER: Final = 1.5
"""The factor of each quiet reading on the interval."""
MIN_INTERVAL_S: Final = 0.2


class Pace:
    """For one thread. Times are unix seconds."""

    def __init__(self, poll_s: float, quiet_poll_s: float) -> None:
        self._poll_s = poll_s
        self._quiet_poll_s = max(poll_s, quiet_poll_s)
        self._changed_at = 0.0
        self._seen: object = None
        self._regular_s = poll_s
        self._due = 0.0
        self.interval_s = poll_s
        """The longest time from the end of a reading to the next one."""

    def hurry(self, now: float) -> None:
        """Note that an event came."""
        self._changed_at = now

    def is_due(self, now: float) -> bool:
        """Whether the state must be checked now even if nothing was read."""
        return 0.0 < self._due <= now

    def note(self, facts: Facts, state: WatchState, due: float, now: float) -> None:
        """Note a reading, and when the state must be checked again even if nothing changes (0: never)."""
        seen = _outline(facts)
        if seen != self._seen:
            self._changed_at = now
        self._seen = seen
        open_ = bool(state.waiting) or any(each.open for each in state.incidents)
        quick = now - self._changed_at < QUICK_FOR_S
        if quick and facts.swarm is None:
            self._regular_s = min(self._poll_s, LEADERLESS_S)
        elif open_ or quick:
            self._regular_s = self._poll_s
        else:
            self._regular_s = min(self._regular_s * SLOWER, self._quiet_poll_s)
        self.interval_s, self._due = self._regular_s, due
        if due:
            self.interval_s = max(MIN_INTERVAL_S, min(self._regular_s, due - now))


def _outline(facts: Facts) -> object:
    """Return the values that differ if something happened in the cluster."""
    hosts = tuple((name, host.responds, host.membership, bool(host.swarm_error)) for name, host in facts.hosts.items())
    if facts.swarm is None:
        return hosts
    nodes = tuple(
        (node.id, node.state, node.reachability, node.leader, node.availability) for node in facts.swarm.nodes
    )
    services = tuple((each.id, each.version, each.running, each.desired) for each in facts.swarm.services)
    return hosts, nodes, services
