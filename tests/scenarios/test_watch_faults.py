"""How much watch reports of one fault, with the usual settings: one message, three edits a minute at most."""

from __future__ import annotations

from collections.abc import Iterator
from time import time
from typing import Final

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.scenario import config
from tests.kits.service_scenario import create_running, running
from tests.kits.watch_scenario import WatchScenario

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

MANAGERS: Final = ("host-1", "host-2", "host-3")
FLAPS: Final = 10
CUT_S: Final = 20.0
MINUTE_S: Final = 59.0
"""Slack has an edit some moments after it was due."""
STABLE_TIMEOUT_S: Final = 330.0
"""What flapped is stable when few of its last 21 states, one each 15 s, differ."""


@pytest.fixture(scope="module")
def deployment(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot with a worker and a watch process."""
    with Deployment(fleet, tmp_path_factory.mktemp("faults"), watchers=1, config=config(fleet)) as deployment:
        yield deployment


@pytest.fixture
def scenario(deployment: Deployment) -> WatchScenario:
    """The bot before a new beginning."""
    scenario = WatchScenario(deployment)
    scenario.reset()
    return scenario


def told_once(scenario: WatchScenario) -> None:
    """Check that one incident was reported, in one message that was edited three times a minute at most."""
    [incident] = scenario.incidents()
    posted, edited = scenario.shown(incident)
    assert len(posted) == 1
    assert all(sum(at <= each < at + MINUTE_S for each in edited) <= 3 for at in edited), edited


def test_a_worker_with_thirty_tasks_loses_power(scenario: WatchScenario) -> None:
    """Its tasks are followed to their nodes."""
    scenario.cluster(managers=MANAGERS, workers=("host-4",))
    for name in MANAGERS:
        scenario["host-1"].docker("node", "update", "--availability", "pause", name)
    create_running(scenario, "web", "--replicas", "30", timeout=120)
    for name in MANAGERS:
        scenario["host-1"].docker("node", "update", "--availability", "active", name)
    assert running(scenario, "web", "Node") == 30 * ["host-4"]
    scenario.watched()
    scenario["host-4"].power_off()
    scenario.told("`host-4` (worker) is down", "30 tasks rescheduled", "quorum holds: 3 of 3")
    until(lambda: len(running(scenario, "web")) == 30, "the tasks run elsewhere", timeout=120)
    scenario.told("30 tasks rescheduled: 30 run elsewhere")
    scenario["host-4"].power_on()
    scenario.told("Resolved after", "`host-4` is ready again", resolved=True)
    told_once(scenario)


def test_ten_flaps_are_one_note(scenario: WatchScenario) -> None:
    """The engine of a worker stops and starts as fast as the managers notice."""
    scenario.cluster(workers=("host-4",), heartbeat_s=1)
    scenario.watched()
    for _ in range(FLAPS):
        scenario["host-4"].stop_docker()
        until(lambda: scenario.nodes()["host-4"].startswith("Down"), "it is down")
        scenario["host-4"].start_docker()
        until(lambda: scenario.nodes()["host-4"].startswith("Ready"), "it is ready")
    incident = scenario.told("flapping: ")
    assert "it began or ended" in scenario.message(incident).shown
    ended = scenario.told("Resolved after", resolved=True, timeout=STABLE_TIMEOUT_S)
    assert ended.id == incident.id
    assert scenario.thread(ended).count("Flapping") == 1
    assert scenario.thread(ended).count("Stable again") == 1
    told_once(scenario)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("host-4", "`host-4` (worker) is down"),
        ("host-3", "2 of 3 managers"),
    ],
    ids=["worker", "manager"],
)
def test_a_cable_is_cut_for_twenty_seconds(scenario: WatchScenario, name: str, words: str) -> None:
    """The managers see its node lost, and Swarmbot its host silent: one message, whose times lie within the cut."""
    scenario.cluster(managers=MANAGERS, workers=("host-4",))
    scenario.watched()
    began = time()
    scenario[name].cut_cable()
    scenario.told(f"`{name}`", words)
    until(lambda: time() >= began + CUT_S, "the cable was cut for 20 s")
    restored = time()
    scenario[name].restore_cable()
    ended = scenario.told("Resolved after", f"`{name}` is", resolved=True)
    told_once(scenario)
    assert {each.signal.kind for each in ended.tracked} >= {"host silent"}
    assert began < min(each.first_seen for each in ended.tracked) < restored
    assert restored < max(each.over_at for each in ended.tracked)
