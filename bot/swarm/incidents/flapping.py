"""Whether something goes up and down again and again, as Nagios detects it: by the changes between its last 21 states.

States are counted at a fixed interval, so that the result does not depend on how often a cluster is read. Newer changes
weigh more than older ones. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Final

from bot.model.incident import Tracked, WatchSettings
from bot.swarm.incidents.grouping import PLACES

MAX_CHANGES: Final = 21
INTERVAL_S: Final = 15.0
WINDOW_S: Final = (MAX_CHANGES - 1) * INTERVAL_S
OLDEST_WEIGHT: Final = 0.8
NEWEST_WEIGHT: Final = 1.2
FALL_PER_S: Final = (NEWEST_WEIGHT - OLDEST_WEIGHT) / WINDOW_S / (MAX_CHANGES - 1)
"""How much less each change adds to the share a second later."""
ROUNDING_S: Final = 0.001


def with_change(changes: tuple[float, ...], at: float) -> tuple[float, ...]:
    """Return the changes with one more, without those that no longer count."""
    return (*(each for each in changes if at - each < WINDOW_S), at)[-MAX_CHANGES:]


def change_share(changes: Iterable[float], now: float) -> float:
    """Return the share of changes between the last 21 states: 0 for a steady one, at most 1."""
    ages = [now - each for each in changes if 0 <= now - each < WINDOW_S]
    weights = (NEWEST_WEIGHT - (NEWEST_WEIGHT - OLDEST_WEIGHT) * age / WINDOW_S for age in ages)
    return min(1.0, sum(weights) / (MAX_CHANGES - 1))


def steady_at(changes: Iterable[float], share: float, now: float) -> float:
    """Return when the share of changes has fallen to ``share``, if nothing changes until then; later than ``now``."""
    gone = sorted(each + WINDOW_S for each in changes if now - each < WINDOW_S)
    for place, (begin, end) in enumerate(pairwise([now, *gone])):
        above = change_share((each - WINDOW_S for each in gone[place:]), begin) - share
        fallen = begin + above / ((len(gone) - place) * FALL_PER_S)
        if fallen < end:
            return max(begin, fallen) + ROUNDING_S
    return max(now, *gone[-1:]) + ROUNDING_S


def ends_of_flapping(tracked: Iterable[Tracked], settings: WatchSettings, now: float) -> list[float]:
    """Return when each signal that flaps is steady, if nothing changes until then."""
    return [steady_at(each.changes, settings.flap_low, now) for each in tracked if each.flapping]


def with_flapping(tracked: Tracked, root: str, settings: WatchSettings, now: float) -> Tracked:
    """Return the signal with whether it flaps. A signal that follows from others comes and goes with each of them."""
    if tracked.signal.kind not in PLACES and tracked.signal.key != root:
        return replace(tracked, flapping=False)
    share = change_share(tracked.changes, now)
    flapping = share > settings.flap_low if tracked.flapping else share >= settings.flap_high
    return replace(tracked, flapping=flapping)
