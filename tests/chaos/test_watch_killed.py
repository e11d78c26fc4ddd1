"""Watch is killed -9 at random while hosts fail and return: each incident is reported once and resolved once.

``WATCH_KILLS=20 WATCH_SECONDS=3600 WATCH_SEEDS="7 8" pytest -m long -k hour tests/chaos/test_watch_killed.py`` says how
many processes are killed in the long run, how long it is, and its seeds.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from threading import Event
from typing import Final

import pytest

from bot.errors import Failed
from bot.model.incident import Incident
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.node_history import NodeHistory
from tests.kits.outages import MANAGERS, outages, told_of
from tests.kits.scenario import config
from tests.kits.service_scenario import create_running
from tests.kits.watch_killer import WatchKiller
from tests.kits.watch_scenario import WatchScenario

WATCHERS = ("watch.1", "watch.2")
WORKERS = ("host-4",)
LATE_S: Final = 5.0
"""How long after the engines saw it an incident may be reported: a reading, and the wait for related signals."""
OF_INCIDENT = re.compile(
    r"[✗!✓] \*(?:prod(?::|\*| has no )|`host-\d` leads prod|\d of \d managers of prod|Resolved after)"
)
"""How the message of an incident begins, and no other."""
SETTINGS = {"poll": "1s", "quiet_poll": "3s", "group_interval": "5s"}
KILLS: Final = int(os.environ.get("WATCH_KILLS", "20"))
SECONDS: Final = float(os.environ.get("WATCH_SECONDS", "3600"))
SEEDS: Final = [*map(int, os.environ.get("WATCH_SEEDS", "2").split())]


@pytest.fixture
def scenario(hosts: Fleet, tmp_path: Path) -> Iterator[WatchScenario]:
    """A bot with one worker and two watch processes."""
    settings = {**config(hosts), "watch": SETTINGS}
    with Deployment(hosts, tmp_path / "deployment", watchers=len(WATCHERS), config=settings) as deployment:
        yield WatchScenario(deployment)


@pytest.mark.timeout(380)
@pytest.mark.parametrize("workers", [("host-4",), pytest.param(("host-3", "host-4"), marks=pytest.mark.long)])
def test_each_power_cut_is_told_once(scenario: WatchScenario, workers: tuple[str, ...]) -> None:
    """Whichever process lives: one message per power cut, whose last state is that it is resolved."""
    power_cuts(scenario, 1, *workers)


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 900)
@pytest.mark.parametrize("seed", SEEDS)
def test_an_hour_of_faults_is_told(scenario: WatchScenario, seed: int) -> None:
    """Each outage that the engines saw was reported once, as one incident, and its end was reported once."""
    scenario.cluster(managers=MANAGERS, workers=WORKERS)
    scenario.watched()
    before, ended = scenario.now, Event()
    killer = WatchKiller(scenario, WATCHERS, Random(seed))  # noqa: S311 - not for secrets
    with NodeHistory(scenario, MANAGERS) as history, ThreadPoolExecutor(1) as pool:
        killing = pool.submit(killer.kill_at_random, KILLS, SECONDS, ended)
        try:
            seen = outages(scenario, history, Random(seed), (*MANAGERS, *WORKERS), SECONDS)  # noqa: S311
        except Failed as error:
            error.add_note("\n".join(map(str, (*told_of(scenario), *scenario.repository.state("prod").incidents))))
            raise
        finally:
            ended.set()
            killing.result()
    scenario.quiet()
    told, leaderless = told_of(scenario), told_of(scenario, leader=True)
    sys.stderr.write(f"seed {seed}: {len(seen)} outages, {killer.kills} kills, {len(told)} told\n")
    sys.stderr.writelines(f"{each}\n" for each in (*seen, *told, *leaderless))
    for outage, later in zip(seen, [*seen[1:], None], strict=True):
        [incident] = [each for each in told if each.host == outage.host and outage.began < each.began < outage.repaired]
        assert incident.ended > outage.repaired
        assert later is None or incident.ended < later.began
        told.remove(incident)
    for incident in told:  # what a fault brought besides, as a worker that lost its session with the leader
        assert incident.ended
        assert any(each.is_lost(incident.host) for each in history.between(incident.began - LATE_S, incident.ended))
    for incident in leaderless:
        [outage] = [each for each in seen if each.began < incident.began < each.well]
        assert outage.leaderless
        assert incident.ended
    messages_are_whole(scenario, before)


@pytest.mark.long
def test_slack_is_away_meanwhile(scenario: WatchScenario) -> None:
    """What began, changed and ended while Slack was away is one message and one reply, with the true times in order."""
    scenario.cluster(workers=("host-4",))
    create_running(scenario, "web", "--replicas", "4", timeout=60)
    scenario.watched()
    before = scenario.now
    scenario.slack.fault("http_500")
    scenario["host-4"].power_off()
    until(lambda: any(each.told_at for each in scenario.incidents()), "an incident is promised", timeout=60)
    scenario["host-4"].power_on()
    until(lambda: not any(each.open for each in scenario.incidents()), "it is over", timeout=180)
    scenario.slack.clear_faults()
    [incident] = scenario.incidents()
    ended = scenario.told("Resolved after", resolved=True)
    assert ended.id == incident.id
    posted = [each for each in scenario.slack.transcript(before) if each.kind == "posted" and "host-4" in each.text]
    assert [each.ts for each in posted if "Resolved after" in each.text][:1] == [scenario.message(incident).ts]
    until(lambda: bool(scenario.replies(incident)), "its thread is posted", timeout=30)
    [reply] = scenario.replies(incident)
    assert reply.shown.index("is down") < reply.shown.index("is ready again") < reply.shown.index("Resolved after")
    times = [float(at) for at in re.findall(r"^\S+ <!date\^(\d+)", reply.text, re.MULTILINE)]
    assert times == sorted(times)


def power_cuts(scenario: WatchScenario, seed: int, *workers: str) -> None:
    """Cut the power of each of ``workers`` in turn, and kill watch processes at random meanwhile."""
    killer = WatchKiller(scenario, WATCHERS, Random(seed))  # noqa: S311 - not for secrets
    scenario.cluster(workers=tuple(dict.fromkeys(workers)))
    scenario.watched()
    before = scenario.now
    for name in workers:
        scenario[name].power_off()
        killer.kill_until(partial(is_down, scenario, name))
        scenario.told(f"`{name}` (worker) is down", resolved=False)
        scenario[name].power_on()
        killer.kill_until(partial(is_ready, scenario, name))
        until(lambda: not any(each.open for each in scenario.incidents()), "it is resolved", timeout=90)
    scenario.quiet()
    messages_are_whole(scenario, before)
    told = told_of(scenario)
    assert [each.host for each in told] == [*workers]
    assert all(each.ended for each in told)


def messages_are_whole(scenario: WatchScenario, before: int) -> None:
    """Check that each incident has one message since entry ``before``, and that it shows the end."""
    told = scenario.incidents()
    posted = [each for each in scenario.slack.transcript(before) if each.kind == "posted" and not each.private]
    messages = [scenario.message(each) for each in told]
    assert all("Resolved after" in shown.shown for shown, each in zip(messages, told, strict=True) if not is_note(each))
    own = [each.ts for each in posted if OF_INCIDENT.match(each.text)]
    assert sorted(own) == sorted(each.ts for each in messages), "each incident has one message"


def is_note(incident: Incident) -> bool:
    """Whether it reports a new leader, which has no end."""
    return incident.root_signal.severity == "note"


def is_down(scenario: WatchScenario, name: str) -> bool:
    """Whether the engines see a node as down."""
    return scenario.nodes()[name].startswith("Down")


def is_ready(scenario: WatchScenario, name: str) -> bool:
    """Whether the engines see a node as ready."""
    return scenario.nodes()[name].startswith("Ready")
