"""The queue when workers are killed or stopped for a while, and when Redis is restarted."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.audit import Audit
from bot.errors import Unavailable
from bot.queue.lease import Lease
from bot.queue.queue import Queue
from bot.queue.worker import Worker
from bot.secrets.secret import Secret
from bot.store.client import connect
from tests.kits.jobs import admitted, asked, order, until

LEASE = 2.0


@contextmanager
def worker_process(url: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """Run a worker in its own process, which is killed at the end."""
    words = [sys.executable, "-m", "tests.chaos.queue_worker", url, name, str(LEASE)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def says(process: subprocess.Popen[str], text: str) -> None:
    """Read a line that the worker printed, which must be ``text``. Pytest's time-out limits the wait."""
    assert process.stdout is not None
    assert process.stdout.readline().strip() == text


@contextmanager
def redis_in(folder: Path) -> Iterator[str]:
    """Run a durable redis-server in a folder. The folder keeps its data."""
    socket = folder / "redis.sock"
    words = f"redis-server --port 0 --unixsocket {socket} --dir {folder} --appendonly yes --logfile log --save".split()
    with subprocess.Popen([*words, ""], stdin=subprocess.DEVNULL) as server:
        try:
            with connect(Secret(f"unix://{socket}")) as client:
                until(lambda: _answers(client), "redis-server answers")
            yield f"unix://{socket}"
        finally:
            server.terminate()
            server.wait(20)


def _answers(client: object) -> bool:
    try:
        return bool(client.ping())  # type: ignore[attr-defined] # a Redis client
    except OSError:
        return False


@pytest.fixture
def queue(redis_url: str) -> Iterator[Queue]:
    """A queue with a short lease on an emptied Redis."""
    with connect(Secret(redis_url)) as client:
        yield Queue(client, Audit(client), lease_s=LEASE)


def _hangs(queue: Queue) -> str:
    what = replace(order(), command="hang")
    return queue.admit(what, asked(what)).job_id


def _state(queue: Queue, job_id: str) -> str:
    job = queue.get(job_id)
    return job.state if job else ""


def test_a_killed_workers_job_is_done_by_another(queue: Queue, redis_url: str) -> None:
    """Kill -9 during a change: another worker does it once, then the cluster's next change; none is lost."""
    first, second = _hangs(queue), admitted(queue)
    with worker_process(redis_url, "one") as one:
        says(one, f"took {first}")
        with worker_process(redis_url, "two") as two:
            until(lambda: queue.alive() == 2, "both workers are alive")
            one.send_signal(signal.SIGKILL)
            for line in (f"took {first}", f"did {first}", f"took {second}", f"did {second}"):
                says(two, line)
            job = queue.get(first)
            assert job is not None
            assert (job.state, job.attempt, job.worker) == ("succeeded", 2, "two")
            until(lambda: queue.alive() == 1, "the killed worker no longer counts as alive")
    assert queue._audit.verify().ok


def test_a_live_workers_job_stays_its_own(queue: Queue, redis_url: str) -> None:
    """A change that takes longer than a lease is not reclaimed while its worker sends heartbeats."""
    first = _hangs(queue)
    with worker_process(redis_url, "one") as one, worker_process(redis_url, "two"):
        took = one.stdout
        assert took is not None
        until(lambda: _state(queue, first) == "running", "the change runs")
        beats = queue._redis
        seen: set[float] = set()

        def many_beats() -> bool:
            seen.add(float(beats.zscore("swarmbot:workers", "two") or 0))
            return len(seen) > 5  # a beat a second: well past the lease

        until(many_beats, "several heartbeats")
        job = queue.get(first)
        assert job is not None
        assert (job.state, job.attempt) == ("running", 1)


def test_a_worker_that_slept_writes_nothing(queue: Queue, redis_url: str) -> None:
    """A worker that is stopped (SIGSTOP) for longer than its lease does not disturb the one that took over."""
    first = _hangs(queue)
    with worker_process(redis_url, "one") as one:
        says(one, f"took {first}")
        one.send_signal(signal.SIGSTOP)
        with worker_process(redis_url, "two") as two:
            says(two, f"took {first}")
            says(two, f"did {first}")
            one.send_signal(signal.SIGCONT)
            until(lambda: queue.alive() == 2, "the stopped worker sends heartbeats again")
            second = admitted(queue)
            until(lambda: _state(queue, second) == "succeeded", "the next change is done")
            job = queue.get(first)
            assert job is not None
            assert (job.state, job.worker) == ("succeeded", "two")


def test_a_restart_of_redis_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Jobs and audit entries survive a restart; the worker continues by itself and logs the outage once."""
    go_on = threading.Event()
    handled: list[str] = []

    with ExitStack() as stack:
        with redis_in(tmp_path) as url:
            client = stack.enter_context(connect(Secret(url)))
            queue = Queue(client, Audit(client), lease_s=LEASE)

            def handle(lease: Lease) -> None:
                handled.append(lease.job.id)
                go_on.wait(60)
                queue.finish(lease, "succeeded", "")

            worker = Worker(queue, handle, "one", threads=2)
            jobs = [admitted(queue) for _ in range(3)]
            worker.start()
            until(lambda: handled == jobs[:1], "the first change runs")
        with pytest.raises(Unavailable):
            queue.alive()
        until(lambda: "Retrying until" in caplog.text, "the outage is logged")
        with caplog.at_level(logging.WARNING), redis_in(tmp_path):
            assert [_state(queue, job) for job in jobs] == ["running", "queued", "queued"]
            go_on.set()
            until(lambda: all(_state(queue, job) == "succeeded" for job in jobs), "all changes are done", 40)
            until(lambda: "responds again" in caplog.text, "the end of the outage is logged")
            assert worker.stop(20)
            verdict = Audit(client).verify()
    assert (verdict.ok, verdict.count) == (True, 3)
    assert caplog.text.count("Retrying until") == 1
