"""Tests of the share of changes."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.swarm.incidents.flapping import (
    INTERVAL_S,
    MAX_CHANGES,
    NEWEST_WEIGHT,
    ROUNDING_S,
    WINDOW_S,
    change_share,
    steady_at,
    with_change,
)


def test_a_steady_state_does_not_flap() -> None:
    """Without changes the share is 0, and an old change no longer counts."""
    assert change_share((), 1000.0) == 0.0
    assert change_share((1000.0 - WINDOW_S,), 1000.0) == 0.0


def test_a_change_at_each_state_is_all() -> None:
    """Twenty changes between 21 states are the whole, as Nagios counts it."""
    changes: tuple[float, ...] = ()
    for number in range(40):
        changes = with_change(changes, number * INTERVAL_S)
    assert len(changes) <= MAX_CHANGES
    assert change_share(changes, 39 * INTERVAL_S) == pytest.approx(1.0, abs=0.02)


def test_newer_changes_weigh_more() -> None:
    """The share falls while nothing changes, so flapping ends."""
    shares = [change_share((0.0, 10.0, 20.0), now) for now in (20.0, 100.0, 200.0, 299.0, 320.0)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == 0.0


@given(st.lists(st.floats(700.0, 1000.0), max_size=MAX_CHANGES), st.floats(0.0, 0.9))
def test_flapping_ends_when_the_share_has_fallen(changes: list[float], low: float) -> None:
    """Not before, so that nothing is reported before it is due; and not later."""
    assume(change_share(changes, 1000.0) > low)
    at = steady_at(changes, low, 1000.0)
    assert at > 1000.0
    assert change_share(changes, max(1000.0, at - 2 * ROUNDING_S)) > low
    if len(changes) * NEWEST_WEIGHT / (MAX_CHANGES - 1) <= 1:
        assert change_share(changes, at) <= low
