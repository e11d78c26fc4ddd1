"""A worker ends every job, with any error of its handler."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from bot.audit import Audit, Filter
from bot.blocks import text_message
from bot.errors import Refused, SwarmbotError, Unavailable
from bot.outbox.outbox import Outbox
from bot.outbox.outgoing import Outgoing
from bot.queue.end_messages import private
from bot.queue.job import Job
from bot.queue.lease import Lease
from bot.queue.queue import Queue
from bot.queue.worker import Worker
from tests.kits.jobs import admitted, until


@pytest.fixture
def patient(queue: Queue, audit: Audit) -> Queue:
    """A queue whose leases do not expire during a test."""
    return Queue(queue._redis, audit, lease_s=60)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads look 50 times a second whether their worker stops."""
    monkeypatch.setattr("bot.queue.worker.BLOCK_MS", 20)


@contextmanager
def working(queue: Queue, handle: Callable[[Lease], None]) -> Iterator[Worker]:
    """Run a worker with two threads per lane, whose messages about failed jobs are "failed: …"."""

    def tell(job: Job, error: SwarmbotError) -> list[Outgoing]:
        return [private(job.order, text_message(f"failed: {error.happened}"))]

    worker = Worker(queue, handle, "one", threads=2, tell=tell)
    worker.start()
    try:
        yield worker
    finally:
        assert worker.stop(20)


def _ended(queue: Queue, job_id: str) -> bool:
    job = queue.get(job_id)
    return job is not None and job.ended


def _raise(error: Exception) -> Callable[[Lease], None]:
    def handle(_lease: Lease) -> None:
        raise error

    return handle


@pytest.mark.parametrize(
    ("handle", "happened"),
    [
        (_raise(Refused("No quorum.", next_step="Bring it back.")), "No quorum."),
        (_raise(KeyError("x")), "Swarmbot had an internal error."),
        (lambda _lease: None, "Swarmbot had an internal error."),
    ],
    ids=["an error for people", "a defect", "no end"],
)
def test_a_handler_that_does_not_end_its_job(
    patient: Queue, audit: Audit, caplog: pytest.LogCaptureFixture, handle: Callable[[Lease], None], happened: str
) -> None:
    """The job fails with what happened, its requester is promised to be told, and the next change starts."""
    jobs = [admitted(patient), admitted(patient)]
    with working(patient, handle):
        until(lambda: all(_ended(patient, job) for job in jobs), "both jobs have ended")
    assert [entry.job for entry in audit.query() if entry.action == "ended"] == jobs[::-1]
    promised = {each.job: each.message.text for each, _ in Outbox(patient._redis, audit)._stored()}
    assert promised == dict.fromkeys(jobs, f"failed: {happened}")
    for job in patient.jobs(jobs):
        assert job.state == "failed"
        error = json.loads(job.outcome)["error"]
        assert error["happened"] == happened
        assert audit.query(Filter(job=job.id))[0].detail == f"failed: {happened}"
        if happened.startswith("Swarmbot met"):
            assert error["next_step"].split("`")[1] in caplog.text


def test_telling_may_fail(patient: Queue) -> None:
    """If no message can be made, the job ends and the next one is still done."""
    first, second = admitted(patient), admitted(patient)

    def tell(_job: Job, _error: SwarmbotError) -> list[Outgoing]:
        raise OSError("defect")

    worker = Worker(patient, _raise(KeyError("x")), "one", threads=1, tell=tell)
    worker.start()
    until(lambda: _ended(patient, first) and _ended(patient, second), "both jobs have ended")
    assert worker.stop(20)


def test_without_redis_a_job_is_tried_again(queue: Queue, audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    """If Redis does not respond to a handler, its job is left to the next attempt and does not fail."""
    monkeypatch.setattr("bot.queue.worker.PAUSE_S", 0.25)
    short = Queue(queue._redis, audit, lease_s=0.2)
    attempts: list[int] = []

    def handle(lease: Lease) -> None:
        attempts.append(lease.job.attempt)
        if lease.job.attempt == 1:
            raise Unavailable("Redis did not answer.")
        short.finish(lease, "succeeded", "")

    job_id = admitted(short)
    with working(short, handle):
        until(lambda: _ended(short, job_id), "the second attempt has ended it")
    assert attempts == [1, 2]


def test_questions_are_answered_while_changes_fill_the_worker(patient: Queue) -> None:
    """A question is answered although every thread for changes is busy."""
    go_on = threading.Event()

    def handle(lease: Lease) -> None:
        if lease.job.order.lane == "exclusive":
            go_on.wait(60)
        patient.finish(lease, "succeeded", "")

    changes = [admitted(patient, cluster=name) for name in ("a", "b", "c")]
    with ExitStack() as stack:
        stack.enter_context(working(patient, handle))
        stack.callback(go_on.set)
        question = admitted(patient, lane="concurrent")
        until(lambda: _ended(patient, question), "the question is answered")
        assert not any(_ended(patient, job_id) for job_id in changes)


def test_stopping_waits_for_what_runs(patient: Queue) -> None:
    """A stopping worker ends its job, takes no other, and then no longer counts as alive."""
    running, go_on = threading.Event(), threading.Event()

    def handle(lease: Lease) -> None:
        running.set()
        go_on.wait(60)
        patient.finish(lease, "succeeded", "")

    first, second = admitted(patient), admitted(patient)
    worker = Worker(patient, handle, "one", threads=2)
    worker.start()
    assert running.wait(20)
    assert not worker.stop(timeout=0)
    until(lambda: sum(thread.is_alive() for thread in worker._threads) == 1, "the idle threads have ended")
    go_on.set()
    assert worker.stop(20)
    assert _ended(patient, first)
    assert not _ended(patient, second)
    assert patient.alive() == 0
