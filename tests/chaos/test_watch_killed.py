"""Watch is killed -9 at random while a host loses power and returns: each incident is told once and resolved once."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import sleep

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.scenario import config
from tests.kits.service_scenario import create_running
from tests.kits.watch_scenario import WatchScenario

WATCHERS = ("watch.1", "watch.2")
OF_INCIDENT = re.compile(r"[✗!✓] \*prod(?::|\*)")
"""How the message of an incident begins, and no other."""
SETTINGS = {"poll": "1s", "quiet_poll": "3s", "group_interval": "5s"}


@pytest.fixture
def scenario(hosts: Fleet, tmp_path: Path) -> Iterator[WatchScenario]:
    """A bot with one worker and two watch processes."""
    settings = {**config(hosts), "watch": SETTINGS}
    with Deployment(hosts, tmp_path / "deployment", watchers=len(WATCHERS), config=settings) as deployment:
        yield WatchScenario(deployment)


@pytest.mark.timeout(380)
@pytest.mark.parametrize("seed", [1])
def test_each_power_cut_is_told_once(scenario: WatchScenario, seed: int) -> None:
    """Whichever process lives: one message per power cut, whose last state is that it is resolved."""
    power_cuts(scenario, seed, "host-3", "host-4")


@pytest.mark.long
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seed", [2, 3])
def test_many_power_cuts_are_told_once(scenario: WatchScenario, seed: int) -> None:
    """The same for six power cuts: what returns soon goes on in its message."""
    power_cuts(scenario, seed, *("host-2", "host-3", "host-4") * 2)


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
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    scenario.cluster(workers=tuple(dict.fromkeys(workers)))
    scenario.watched()
    before = scenario.now
    for name in workers:
        scenario[name].power_off()
        kill_until(scenario, chance, partial(is_down, scenario, name))
        scenario.told(f"`{name}` (worker) is down", resolved=False)
        scenario[name].power_on()
        kill_until(scenario, chance, partial(is_ready, scenario, name))
        until(lambda: not any(each.open for each in scenario.incidents()), "it is resolved", timeout=90)
    scenario.quiet()
    told = scenario.incidents()
    posted = [each for each in scenario.slack.transcript(before) if each.kind == "posted" and not each.private]
    messages = [scenario.message(each) for each in told]
    assert all("Resolved after" in each.shown for each in messages)
    own = [each.ts for each in posted if OF_INCIDENT.match(each.text)]
    assert own == [each.ts for each in messages], "each incident has one message"
    actions = [entry.action for entry in scenario.audit.query(count=200)]
    opened, again, resolved = (actions.count(f"incident {what}") for what in ("opened", "reopened", "resolved"))
    assert opened == len(told)
    assert opened + again == resolved == len(workers)


def is_down(scenario: WatchScenario, name: str) -> bool:
    """Whether the engines see a node as down."""
    return scenario.nodes()[name].startswith("Down")


def is_ready(scenario: WatchScenario, name: str) -> bool:
    """Whether the engines see a node as ready."""
    return scenario.nodes()[name].startswith("Ready")


def kill_until(scenario: WatchScenario, chance: random.Random, holds: Callable[[], bool]) -> None:
    """Kill and start watch processes at random until ``holds()``, then leave both running."""
    while not holds():
        name = chance.choice(WATCHERS)
        scenario.deployment.kill(name)
        sleep(chance.uniform(0.0, 3.0))  # for so long it is dead
        scenario.deployment.start(name)
        sleep(chance.uniform(0.5, 5.0))  # until the next fault
