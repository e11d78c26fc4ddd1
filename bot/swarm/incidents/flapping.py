"""Whether something goes up and down again and again, as Nagios tells it: by the changes between its last 21 states.

States are counted at a fixed interval, so that the result does not depend on how often a cluster is read. Newer changes
weigh more than older ones. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from bot.model.incident import Tracked, WatchSettings
from bot.swarm.incidents.grouping import PLACES

MAX_CHANGES: Final = 21
INTERVAL_S: Final = 15.0
WINDOW_S: Final = (MAX_CHANGES - 1) * INTERVAL_S
OLDEST_WEIGHT: Final = 0.8
NEWEST_WEIGHT: Final = 1.2


def with_change(changes: tuple[float, ...], at: float) -> tuple[float, ...]:
    """Return the changes with one more, without those that no longer count."""
    return (*(each for each in changes if at - each < WINDOW_S), at)[-MAX_CHANGES:]


def change_share(changes: Iterable[float], now: float) -> float:
    """Return the share of changes between the last 21 states: 0 for a steady one, at most 1."""
    ages = [now - each for each in changes if 0 <= now - each < WINDOW_S]
    weights = (NEWEST_WEIGHT - (NEWEST_WEIGHT - OLDEST_WEIGHT) * age / WINDOW_S for age in ages)
    return min(1.0, sum(weights) / (MAX_CHANGES - 1))


def with_flapping(tracked: Tracked, root: str, settings: WatchSettings, now: float) -> Tracked:
    """Return the signal with whether it flaps. What follows from others comes and goes with each of them."""
    if tracked.signal.kind not in PLACES and tracked.signal.key != root:
        return replace(tracked, flapping=False)
    share = change_share(tracked.changes, now)
    flapping = share > settings.flap_low if tracked.flapping else share >= settings.flap_high
    return replace(tracked, flapping=flapping)
