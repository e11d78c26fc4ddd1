"""A token shown for one node is rotated exactly once, although workers die, quorum is lost or time runs out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import Failed
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.swarm.operations import secret_fingerprint
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.killed_workers import WORKERS, kill_all, start_all
from tests.kits.scenario import Scenario, config
from tests.kits.secret_search import shown
from tests.scenarios.test_one_time_tokens import REFUSED, await_rotations, join, rotations

QUORUM_BACK = 120.0


@pytest.fixture
def scenario(hosts: Fleet, tmp_path: Path) -> Iterator[Scenario]:
    """A bot with two workers whose tokens for one node are valid for five seconds."""
    brief = {**config(hosts), "tokens": {"once_for": "5s"}}
    with Deployment(hosts, tmp_path / "deployment", workers=len(WORKERS), config=brief) as deployment:
        yield Scenario(deployment)


def token(scenario: Scenario) -> str:
    """The worker token as the engine has it."""
    found: str = scenario.inspect()["JoinTokens"]["Worker"]
    return found


def rotated_once(scenario: Scenario, old: str) -> None:
    """Wait until ``old`` joins nothing and every requester was told; no second job rotates that token.

    A job may fail although its rotation succeeds later: a write that hangs is carried out when quorum is back.
    """
    until(lambda: token(scenario) != old, "the token is rotated", timeout=60)
    await_rotations(scenario)
    scenario.quiet()
    jobs = [job for job in rotations(scenario) if job.order.pending_rotation.endswith(secret_fingerprint(Secret(old)))]
    assert jobs
    assert [job.state for job in jobs].count("succeeded") <= 1
    with pytest.raises(Failed, match=REFUSED):
        join(scenario, "host-4", (old, f"{scenario['host-1'].address}:2377"))


@pytest.mark.long
def test_nobody_joins(scenario: Scenario) -> None:
    """After its deadline the token is rotated, and the requester is told."""
    scenario.cluster()
    line = shown(scenario.ask("ada", "token worker --once"))
    told = scenario.see("ada", "token of prod was rotated", private=True)
    assert "No worker joined in time; the worker token of prod was rotated." in told.text
    rotated_once(scenario, line[0])


@pytest.mark.long
def test_every_worker_dies_before_the_token_is_shown(scenario: Scenario) -> None:
    """Whether or not the token was shown by then, workers that start later rotate it."""
    scenario.cluster()
    old = token(scenario)
    scenario.slack.fault("slow", "response_url", times=1, seconds=8)
    scenario.slack.slash("ada", "prod", "token worker --once")
    with connect(Secret(scenario.deployment.redis_url)) as redis:
        until(lambda: bool(redis.exists(keys.PENDING_ROTATIONS)), "the pending rotation is stored")
    kill_all(scenario)
    assert not any("SWMTKN" in message.shown for message in scenario.slack.ephemerals("ada"))
    start_all(scenario)
    rotated_once(scenario, old)


@pytest.mark.long
def test_no_worker_runs_when_its_time_is_over(scenario: Scenario) -> None:
    """The first worker that is back rotates the token and tells the requester."""
    scenario.cluster()
    old, _ = shown(scenario.ask("ada", "token worker --once"))
    kill_all(scenario)
    with connect(Secret(scenario.deployment.redis_url)) as redis:
        (pending_rotation,) = redis.zrange(keys.PENDING_ROTATIONS, 0, -1)
        deadline = int(redis.hget(keys.pending_rotation(str(pending_rotation)), "deadline") or 0) / 1000
        until(lambda: redis.time()[0] > deadline, "its time is over")
    assert token(scenario) == old
    after = scenario.now
    start_all(scenario)
    scenario.see("ada", "No worker joined in time", after=after, private=True)
    rotated_once(scenario, old)


@pytest.mark.long
def test_every_worker_dies_while_it_is_rotated(scenario: Scenario) -> None:
    """The job is reclaimed, and the cluster shows whether the rotation was carried out."""
    scenario.cluster()
    old, address = shown(scenario.ask("ada", "token worker --once"))
    scenario.slack.fault("slow", "chat.postMessage", seconds=8)  # until its card is posted the job does not end
    join(scenario, "host-2", (old, address))
    until(lambda: [job.state for job in rotations(scenario)] == ["running"], "the rotation runs")
    kill_all(scenario)
    scenario.slack.clear_faults()
    start_all(scenario)
    rotated_once(scenario, old)
    assert [job.attempt for job in rotations(scenario)] == [2]


@pytest.mark.long
def test_the_quorum_is_lost_at_the_deadline(scenario: Scenario) -> None:
    """The requester is told about the delay. Once the managers are back, the token is rotated and they are told."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"))
    old, _ = shown(scenario.ask("ada", "token worker --once"))
    scenario["host-2"].power_off()
    scenario["host-3"].power_off()
    late = scenario.see("ada", "the join command that you were shown still works", private=True)
    assert "No manager of prod with a quorum could be read." in late.text
    scenario["host-2"].power_on()
    scenario["host-3"].power_on()
    scenario.slack.wait_to_see("ada", "No worker joined in time", private=True, timeout=QUORUM_BACK)
    rotated_once(scenario, old)
