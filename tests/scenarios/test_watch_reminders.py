"""What watch reports of clones, of updates that were rolled back and of tokens, and how it reminds, on real engines."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Final

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.conftest import cannot
from tests.kits.clock_skew import possible, set_process_clock
from tests.kits.scenario import config
from tests.kits.service_scenario import EXITING_IMAGE, QUICK, create_running, have_variants
from tests.kits.watch_scenario import WatchScenario

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

REPEAT_S: Final = 15.0
WATCH: Final = {"poll": "1s", "quiet_poll": "2s", "group_interval": "5s", "repeat": f"{REPEAT_S:.0f}s", "tokens": "1d"}
DAY_S: Final = 24 * 3600
REMINDER: Final = "Nobody has acknowledged this for"


@pytest.fixture
def scenario(hosts: Fleet, tmp_path: Path) -> Iterator[WatchScenario]:
    """A bot whose watch process reads often, reminds soon, and reports tokens that were shown a day ago."""
    with Deployment(hosts, tmp_path / "deployment", watchers=1, config={**config(hosts), "watch": WATCH}) as deployment:
        yield WatchScenario(deployment)


def test_a_cloned_node(scenario: WatchScenario) -> None:
    """Two hosts with one node id are one incident, which ends when the clone alone has left."""
    scenario.cluster(workers=("host-3",))
    scenario.watched()
    source, clone = (scenario[name].folder / "data/swarm" for name in ("host-3", "host-4"))
    scenario["host-4"].stop_docker()
    shutil.rmtree(clone, ignore_errors=True)
    shutil.copytree(source, clone, symlinks=True)
    scenario["host-4"].start_docker()
    incident = scenario.told("`host-3` and `host-4` have the same node id", "run `docker swarm leave --force`")
    scenario["host-4"].docker("swarm", "leave", "--force")
    ended = scenario.told("Resolved after", "`host-3` and `host-4`", resolved=True)
    assert ended.id == incident.id
    assert scenario.change("ada", "join worker host-4").text.startswith("✓")
    assert [each.id for each in scenario.incidents() if each.root_signal.kind == "node cloned"] == [incident.id]


def test_an_update_that_docker_rolled_back(scenario: WatchScenario) -> None:
    """It is a note, once, and the service runs as before."""
    scenario.cluster(workers=("host-2",))
    have_variants([scenario["host-1"], scenario["host-2"]])
    create_running(scenario, "web", "--replicas", "2", timeout=60)
    scenario.watched()
    words = ("--detach", "--no-resolve-image", *QUICK, "--update-failure-action", "rollback", "--image", EXITING_IMAGE)
    scenario["host-1"].docker("service", "update", *words, "web")
    note = scenario.told("the last update of `web` was rolled back", "`/swarm service web` shows it")
    assert not note.open
    until(lambda: not any(each.open for each in scenario.incidents()), "all is well", timeout=60)
    scenario.turns(3)
    told = [each for each in scenario.slack.messages("prod") if "was rolled back" in each.shown]
    assert len(told) == 1
    assert "*Last update* rolled back" in scenario.ask("eve", "service web")


def test_a_token_that_was_shown_two_days_ago(scenario: WatchScenario) -> None:
    """By the clock of the worker that showed it. The button rotates it, and another one that is shown is young."""
    if not possible():
        cannot("a process's clock is set wrong only on x86-64, where root may write its memory")
    scenario.cluster()
    worker = scenario.deployment.processes["worker.1"].pid
    set_process_clock(worker, -2 * DAY_S)
    scenario.ask("ada", "token worker")
    set_process_clock(worker, 0)
    scenario.deployment.stop("watch.1")
    scenario.deployment.start("watch.1")
    incident = scenario.told("the worker token was shown to <@U0ADA> 2 days ago and not rotated since")
    message = scenario.see("cleo", f"`{incident.id}`", private=False)
    scenario.slack.click("cleo", message, "/swarm token worker --rotate")
    scenario.quiet()
    scenario.ask("ada", "token worker")
    scenario.deployment.stop("watch.1")
    scenario.deployment.start("watch.1")
    ended = scenario.told("Resolved after", "the worker token was rotated", resolved=True)
    assert ended.id == incident.id


def test_a_reminder_until_somebody_acknowledges(scenario: WatchScenario) -> None:
    """An incident is reported again once; one that was acknowledged before is not."""
    scenario.cluster(workers=("host-3", "host-4"))
    scenario.watched()
    scenario["host-4"].power_off()
    first = scenario.told("`host-4` (worker) is down")
    after = scenario.now
    scenario.see("eve", f"{REMINDER} {REPEAT_S:.0f} s: `host-4` (worker) is down", after=after, private=False)
    scenario["host-3"].power_off()
    second = scenario.told("`host-3` (worker) is down")
    scenario.slack.click("ada", scenario.see("ada", f"`{second.id}`", private=False), "Acknowledge")
    scenario.told("acknowledged by <@U0ADA>")
    until(lambda: time() > second.told_at + 2 * REPEAT_S, "the time of two reminders has passed", timeout=60)
    scenario.turns(3)
    assert [scenario.thread(each).count(REMINDER) for each in (first, second)] == [1, 0]
    for name in ("host-3", "host-4"):
        scenario[name].power_on()
    until(lambda: not any(each.open for each in scenario.incidents()), "both are over", timeout=90)
