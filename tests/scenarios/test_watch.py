"""Watch on real engines: what it reports of power cuts and of planned work, and by which process."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from time import time

import pytest

from bot.swarm.incidents.incident_choice import BETTER_ROOT_S
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.scenario import config
from tests.kits.service_scenario import create_running, running
from tests.kits.watch_scenario import WatchScenario

pytestmark = pytest.mark.timeout(400)

WATCHERS = ("watch.1", "watch.2")


@pytest.fixture(scope="module")
def deployment(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot with a worker and two watch processes."""
    settings = {**config(fleet), "watch": {"poll": "1s", "quiet_poll": "5s", "group_interval": "5s"}}
    with Deployment(fleet, tmp_path_factory.mktemp("watch"), watchers=2, config=settings) as deployment:
        yield deployment


@pytest.fixture
def scenario(deployment: Deployment) -> WatchScenario:
    """The bot before a new beginning, with both watch processes."""
    scenario = WatchScenario(deployment)
    for name in WATCHERS:
        if name not in deployment.processes:
            deployment.start(name)
    scenario.reset()
    return scenario


def test_a_worker_loses_power(scenario: WatchScenario) -> None:
    """One message, which follows its tasks to other nodes and ends when it is back; details are in the thread."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"), workers=("host-4",), ingress=True)
    create_running(scenario, "web", "--replicas", "8", "--constraint", "node.hostname!=host-1", timeout=60)
    scenario.watched()
    before = scenario.now
    scenario["host-4"].power_off()
    incident = scenario.told("`host-4` (worker) is down", "rescheduled", "quorum holds")
    until(lambda: len(running(scenario, "web")) >= 8, "the tasks run elsewhere", timeout=60)
    scenario.told("run elsewhere")
    scenario["host-4"].power_on()
    ended = scenario.told("Resolved after", "`host-4` is ready again", resolved=True)
    assert ended.id == incident.id
    assert len(scenario.incidents()) == 1
    posted = [each for each in scenario.slack.transcript(before) if each.kind == "posted" and not each.private]
    assert [each.ts for each in posted if each.ts == scenario.message(ended).ts] == [scenario.message(ended).ts]
    assert "`host-4`" in scenario.thread(ended)


def test_people_acknowledge_and_silence(scenario: WatchScenario) -> None:
    """By the buttons of the message and by command; silenced incidents are recorded, and reported after the silence."""
    scenario.cluster(workers=("host-4",))
    scenario.watched()
    after = scenario.now
    assert "silenced*" in scenario.ask("ben", 'silence host-4 --for 2h --reason "new disks"')
    scenario.see("eve", "*Incidents of `host-4` are silenced* by <@U0BEN>", after=after, private=False)
    scenario["host-4"].power_off()
    until(lambda: "silenced" in scenario.ask("eve", "incidents"), "it is recorded", timeout=60)
    assert scenario.incidents() == []
    silence = scenario.repository.said("prod", 0.0).silences[0].id
    assert f"`{silence}` incidents of `host-4`" in scenario.ask("eve", "silences")
    scenario.ask("ben", f"unsilence {silence}")
    incident = scenario.told("`host-4` (worker) is down")
    message = scenario.see("ada", f"`{incident.id}`", after=after, private=False)
    scenario.slack.click("eve", message, "Acknowledge")
    scenario.see("eve", "needs", private=True)
    scenario.slack.click("ada", message, "Acknowledge")
    acknowledged = scenario.told("acknowledged by <@U0ADA>")
    assert "[Acknowledge]" not in scenario.message(acknowledged).shown
    scenario.slack.click("ada", scenario.see("ada", "acknowledged by", after=after, private=False), "Show node")
    assert "host-4" in scenario.see("ada", "down", after=message.number, private=True).text
    assert "is watched" in scenario.ask("eve", "watch")


def test_a_planned_drain_is_no_incident(scenario: WatchScenario) -> None:
    """Its tasks move, and its node is seen drained: all of it is the job's doing."""
    scenario.cluster(workers=("host-2", "host-4"))
    create_running(scenario, "web", "--replicas", "6", timeout=60)
    scenario.watched()
    scenario.change("ada", "drain host-4 --now")
    until(lambda: len(running(scenario, "web")) == 6, "its tasks run elsewhere", timeout=60)
    seen = scenario.turns(5)
    assert seen.services == 1
    assert scenario.incidents() == []


@pytest.mark.long
def test_a_second_worker_loses_power(scenario: WatchScenario) -> None:
    """The tasks that it ran are part of its own incident, although the first one ran tasks of the same service."""
    scenario.cluster(workers=("host-3", "host-4"))
    create_running(scenario, "web", "--replicas", "6", timeout=60)
    scenario.watched()
    scenario["host-4"].power_off()
    first = scenario.told("`host-4` (worker) is down")
    until(lambda: "6 of 6 replicas running" in scenario.thread(first), "its tasks run elsewhere", timeout=60)
    before = scenario.thread(first)
    scenario["host-3"].power_off()
    second = scenario.told("`host-3` (worker) is down")
    until(lambda: "6 of 6 replicas running" in scenario.thread(second), "its tasks run elsewhere", timeout=60)
    assert "`web`" in scenario.thread(second).partition("6 of 6")[0]
    assert scenario.thread(first) == before
    for name in ("host-3", "host-4"):
        scenario[name].power_on()
    until(lambda: not any(each.open for each in scenario.incidents()), "both are resolved", timeout=90)
    assert [each.id for each in scenario.incidents()] == [first.id, second.id]


@pytest.mark.long
def test_a_host_is_silent_for_a_minute_and_then_loses_power(scenario: WatchScenario) -> None:
    """It stays one incident, and that its node is down is shown in the channel too."""
    scenario.cluster(workers=("host-4",))
    scenario.watched()
    scenario["host-4"].block(22)
    silent = scenario.told("Swarmbot does not reach `host-4` over SSH; the managers see it as ready")
    until(lambda: time() - silent.opened_at > BETTER_ROOT_S, "an edited message notifies nobody", timeout=90)
    after = scenario.now
    scenario["host-4"].power_off()
    down = scenario.told("`host-4` (worker) is down")
    assert down.id == silent.id
    scenario.see("eve", "`host-4` (worker) is down", after=after, private=False)
    scenario["host-4"].unblock(22)
    scenario["host-4"].power_on()
    scenario.told("Resolved after", resolved=True)
    assert len(scenario.incidents()) == 1


@pytest.mark.long
def test_the_leader_loses_power(scenario: WatchScenario) -> None:
    """The new leader is named; the one that led watch may be killed meanwhile, and another process continues."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"))
    scenario.watched()
    first = scenario.leading()
    scenario["host-1"].power_off()
    scenario.deployment.kill(first)
    until(lambda: scenario.leading() not in {"", first}, "another process watches", timeout=30)
    leads = scenario.told("leads prod")
    assert "`host-1`" in scenario.message(leads).shown
    [new] = [name for name, state in scenario.nodes("host-2").items() if "Leader" in state]
    assert f"`{new}` leads prod" in scenario.message(leads).shown
    scenario["host-1"].power_on()
    scenario.told("Resolved after", resolved=True)


@pytest.mark.long
def test_the_quorum_is_lost_and_watch_killed(scenario: WatchScenario) -> None:
    """After both processes were killed, another one continues the same incident in the same message."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"))
    scenario.watched()
    scenario["host-2"].power_off()
    scenario["host-3"].power_off()
    lost = scenario.told("quorum")
    ts = scenario.message(lost).ts
    for name in WATCHERS:
        scenario.deployment.kill(name)
    scenario.deployment.start(WATCHERS[0])
    until(lambda: scenario.leading() == WATCHERS[0], "a new process watches", timeout=30)
    scenario.turns(3)
    assert [each.id for each in scenario.incidents() if each.open] == [lost.id]
    scenario["host-2"].power_on()
    scenario["host-3"].power_on()
    ended = scenario.told("Resolved after", resolved=True)
    assert (ended.id, scenario.message(ended).ts) == (lost.id, ts)


def test_status_is_answered_from_what_watch_read_and_then_completely(scenario: WatchScenario) -> None:
    """The first answer says its age: watch does not know yet that a manager is off. The second one does."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"), workers=("host-4",))
    whole = "· *prod is healthy as far as read* · 3 managers, tolerates 1 failure · 4 of 4 nodes ready"
    until(lambda: scenario.read_last().startswith(whole), "watch has read the whole cluster", timeout=60)
    watch = scenario.deployment.processes[scenario.leading()]
    watch.send_signal(signal.SIGSTOP)
    try:
        scenario["host-3"].power_off()
        after = scenario.now
        scenario.slack.slash("eve", "prod", "status")
        first = scenario.see("eve", "as of", after=after, private=True).text
        told = scenario.answer("eve", after).text
    finally:
        watch.send_signal(signal.SIGCONT)
    assert first.startswith(f"{whole} · as of "), first
    assert first.splitlines()[-1] == "· The complete answer follows."
    assert "Certificates" not in first
    assert told.startswith("! *prod is degraded: it tolerates no manager failure* · 2 of 3 managers reachable"), told
    assert "`host-3`" in told
    assert "as of" not in told
    incident = scenario.told("`host-3`")
    assert f"/swarm incidents {incident.id}`" in scenario.ask("eve", "status")
