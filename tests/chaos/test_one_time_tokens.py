"""A token shown for one node is rotated exactly once, although workers die, quorum is lost or time runs out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import Failed
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.swarm.operations import fingerprint
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.scenario import Play, config
from tests.kits.secret_search import shown
from tests.scenarios.test_one_time_tokens import REFUSED, await_rotations, join, rotations

WORKERS = ("worker.1", "worker.2")
QUORUM_BACK = 120.0


@pytest.fixture
def play(hosts: Fleet, tmp_path: Path) -> Iterator[Play]:
    """A bot with two workers whose tokens for one node are valid for five seconds."""
    brief = {**config(hosts), "tokens": {"once_for": "5s"}}
    with Deployment(hosts, tmp_path / "stage", workers=len(WORKERS), config=brief) as stage:
        yield Play(stage)


def token(play: Play) -> str:
    """The worker token as the engine has it."""
    found: str = play.inspect()["JoinTokens"]["Worker"]
    return found


def rotated_once(play: Play, old: str) -> None:
    """Wait until ``old`` joins nothing and every requester was told; no second job rotates that token.

    A job may fail although its rotation succeeds later: a write that hangs is carried out when quorum is back.
    """
    until(lambda: token(play) != old, "the token is rotated", timeout=60)
    await_rotations(play)
    play.quiet()
    jobs = [job for job in rotations(play) if job.order.pending_rotation.endswith(fingerprint(Secret(old)))]
    assert jobs
    assert [job.state for job in jobs].count("succeeded") <= 1
    with pytest.raises(Failed, match=REFUSED):
        join(play, "host-4", (old, f"{play['host-1'].address}:2377"))


def test_nobody_joins(play: Play) -> None:
    """After its deadline the token is rotated, and the requester is told."""
    play.cluster()
    line = shown(play.ask("ada", "token worker --once"))
    told = play.see("ada", "token of prod was rotated", private=True)
    assert "No worker joined in time; the worker token of prod was rotated." in told.text
    rotated_once(play, line[0])


def test_every_worker_dies_before_the_token_is_shown(play: Play) -> None:
    """Whether or not the token was shown by then, workers that start later rotate it."""
    play.cluster()
    old = token(play)
    play.slack.fault("slow", "response_url", times=1, seconds=8)
    play.slack.slash("ada", "prod", "token worker --once")
    with connect(Secret(play.stage.redis_url)) as redis:
        until(lambda: bool(redis.exists(keys.PENDING_ROTATIONS)), "the pending rotation is stored")
    kill_all(play)
    assert not any("SWMTKN" in message.shown for message in play.slack.ephemerals("ada"))
    start_all(play)
    rotated_once(play, old)


def test_no_worker_runs_when_its_time_is_over(play: Play) -> None:
    """The first worker that is back rotates the token and tells the requester."""
    play.cluster()
    old, _ = shown(play.ask("ada", "token worker --once"))
    kill_all(play)
    with connect(Secret(play.stage.redis_url)) as redis:
        (pending_rotation,) = redis.zrange(keys.PENDING_ROTATIONS, 0, -1)
        deadline = int(redis.hget(keys.pending_rotation(str(pending_rotation)), "deadline") or 0) / 1000
        until(lambda: redis.time()[0] > deadline, "its time is over")
    assert token(play) == old
    after = play.now
    start_all(play)
    play.see("ada", "No worker joined in time", after=after, private=True)
    rotated_once(play, old)


def test_every_worker_dies_while_it_is_rotated(play: Play) -> None:
    """The job is reclaimed, and the cluster shows whether the rotation was carried out."""
    play.cluster()
    old, address = shown(play.ask("ada", "token worker --once"))
    play.slack.fault("slow", "chat.postMessage", seconds=8)  # until its card is posted the job does not end
    join(play, "host-2", (old, address))
    until(lambda: [job.state for job in rotations(play)] == ["running"], "the rotation runs")
    kill_all(play)
    play.slack.clear_faults()
    start_all(play)
    rotated_once(play, old)
    assert [job.attempt for job in rotations(play)] == [2]


def test_the_quorum_is_lost_at_the_deadline(play: Play) -> None:
    """The requester is told about the delay. Once the managers are back, the token is rotated and they are told."""
    play.cluster(managers=("host-1", "host-2", "host-3"))
    old, _ = shown(play.ask("ada", "token worker --once"))
    play["host-2"].power_off()
    play["host-3"].power_off()
    late = play.see("ada", "the join command that you were shown still works", private=True)
    assert "No manager of prod with a quorum could be read." in late.text
    play["host-2"].power_on()
    play["host-3"].power_on()
    play.slack.wait_to_see("ada", "No worker joined in time", private=True, timeout=QUORUM_BACK)
    rotated_once(play, old)


def kill_all(play: Play) -> None:
    """End every worker with kill -9."""
    for name in WORKERS:
        play.stage.kill(name)


def start_all(play: Play) -> None:
    """Start them again."""
    for name in WORKERS:
        play.stage.start(name)
