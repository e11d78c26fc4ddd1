"""What `status` says of facts, without the facts: watch stores it, so that a status can be answered at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model import Facts
from bot.swarm.health.headline import headline, number_lines
from bot.swarm.health.health import Health, health


@dataclass(frozen=True, slots=True)
class Summary:
    """The health of a cluster in words.

    It is what people are shown: names, states and counts, and errors in the words of engines, masked. Nothing of a spec
    is in it: no environment value, label or command. Its size depends on what is wrong, not on the number of nodes.
    """

    headline: str
    health: Health
    numbers: tuple[str, ...]


def summary_of(facts: Facts, *, whole: bool = True) -> Summary:
    """Return the summary of facts, which must have been read with all hosts and services.

    Without ``whole`` they lack certificates and restarts: then a cluster is at most "healthy as far as read".
    """
    found = health(facts)
    return Summary(headline(facts, found, whole=whole), found, tuple(number_lines(facts)))
