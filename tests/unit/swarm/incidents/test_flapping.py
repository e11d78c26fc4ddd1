"""Tests of the share of changes."""

from __future__ import annotations

import pytest

from bot.swarm.incidents.flapping import INTERVAL_S, MAX_CHANGES, WINDOW_S, change_share, with_change


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
