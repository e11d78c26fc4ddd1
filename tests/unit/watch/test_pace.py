"""How soon a cluster is read again."""

from __future__ import annotations

from dataclasses import replace

from bot.model import ClusterFacts, Facts, HostFacts
from bot.model.incident import WatchState
from bot.watch.pace import QUICK_FOR_S, Pace
from tests.kits.incidents import AT, incident

SWARM = ClusterFacts("prod", "host-1", 1, {}, ())
QUIET = Facts("prod", AT, {"host-1": HostFacts("host-1", "192.0.2.1")}, SWARM)
CHANGED = replace(QUIET, hosts={"host-1": HostFacts("host-1", "192.0.2.1", is_manager=True, membership="active")})


def test_a_quiet_cluster_is_read_less_often_until_something_changes() -> None:
    """Up to the quiet interval; a change, an event and an open incident make it quick again."""
    pace = Pace(2, 10)
    pace.note(QUIET, WatchState(), 0.0, AT)
    assert pace.interval_s == 2, "it has just begun"
    now = AT + QUICK_FOR_S
    for _ in range(6):
        now += 10
        pace.note(QUIET, WatchState(), 0.0, now)
    assert pace.interval_s == 10
    pace.note(CHANGED, WatchState(), 0.0, now)
    assert pace.interval_s == 2
    pace.note(CHANGED, WatchState(), 0.0, now + QUICK_FOR_S)
    assert pace.interval_s > 2
    pace.hurry(now + QUICK_FOR_S)
    pace.note(CHANGED, WatchState(), 0.0, now + QUICK_FOR_S)
    assert pace.interval_s == 2
    pace.note(CHANGED, WatchState(incidents=(incident(),)), 0.0, now + 9 * QUICK_FOR_S)
    assert pace.interval_s == 2


def test_what_is_due_is_not_waited_for_longer() -> None:
    """And it is due when its time has come, without a reading."""
    pace = Pace(2, 10)
    pace.note(QUIET, WatchState(), AT + 0.5, AT)
    assert pace.interval_s == 0.5
    assert not pace.is_due(AT + 0.4)
    assert pace.is_due(AT + 0.5)
    pace.note(QUIET, WatchState(), 0.0, AT + 1)
    assert not pace.is_due(AT + 100)


def test_a_new_leader_is_looked_for_each_second() -> None:
    """Only for some time: without a quorum there may be none for hours."""
    pace = Pace(2, 10)
    pace.note(replace(QUIET, swarm=None), WatchState(incidents=(incident(),)), 0.0, AT)
    assert pace.interval_s == 1
    pace.note(replace(QUIET, swarm=None), WatchState(incidents=(incident(),)), 0.0, AT + QUICK_FOR_S)
    assert pace.interval_s == 2
