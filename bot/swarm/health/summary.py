"""What `status` says of facts, without the facts: watch stores it, so that a status can be answered at once. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from bot.model import Facts
from bot.swarm.health.headline import headline, number_lines
from bot.swarm.health.health import Health, health
from bot.text.durations import age


@dataclass(frozen=True, slots=True)
class Summary:
    """The health of a cluster in words.

    It is what people are shown: names, states and counts, and errors in the words of engines, masked. Nothing of a spec
    is in it: no environment value, label or command. Its size depends on what is wrong, not on the number of nodes.
    """

    headline: str
    health: Health
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AgedSummary:
    """A summary that was stored, and what Swarmbot's own records say of the cluster now."""

    summary: Summary
    records: Facts
    """Facts without hosts and swarm."""
    age_s: float
    """Seconds since the reading began."""

    @property
    def headline(self) -> str:
        """The headline, with its age."""
        return f"{self.summary.headline} · as of {age(math.ceil(self.age_s))} ago"


def summary_of(facts: Facts, *, whole: bool = True) -> Summary:
    """Return the summary of facts, which must have been read with all hosts and services.

    Without ``whole`` they lack certificates and restarts: then a cluster is at most "healthy as far as read".
    """
    found = health(facts)
    return Summary(headline(facts, found, whole=whole), found, tuple(number_lines(facts)))
