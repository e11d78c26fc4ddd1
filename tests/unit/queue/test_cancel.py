"""Cancelling at each state of a job."""

from __future__ import annotations

import pytest

from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit, Entry
from bot.queue.job import Job
from bot.queue.lease import CancelRequested
from bot.queue.queue import Queue
from bot.store import keys
from tests.kits.jobs import admitted, request_for, taken


def _cancel(queue: Queue, job_id: str) -> str:
    return queue.cancel(job_id, "U0BOSS", [Entry("cancelled", "U0BOSS", job=job_id)])


def _state(queue: Queue, job_id: str) -> str:
    job = queue.get(job_id)
    assert job is not None
    return job.state


def test_a_change_that_waits(queue: Queue) -> None:
    """It ends at once and leaves the queue; the others keep their order."""
    first, second, third = (admitted(queue) for _ in range(3))
    assert _cancel(queue, second) == "cancelled"
    assert _state(queue, second) == "cancelled"
    queue.finish(taken(queue), "succeeded", "")
    lease = taken(queue)
    assert lease.job.id == third
    assert _state(queue, first) == "succeeded"


def test_a_change_that_nobody_has_taken(queue: Queue) -> None:
    """It ends at once, and the next job gets its slot."""
    first, second = admitted(queue), admitted(queue)
    assert _cancel(queue, first) == "cancelled"
    assert taken(queue).job.id == second


def test_a_question_that_nobody_has_taken(queue: Queue) -> None:
    """It ends at once and is never taken; the cluster's changes are not touched."""
    change = admitted(queue)
    question = admitted(queue, lane="concurrent")
    assert _cancel(queue, question) == "cancelled"
    assert queue.take("one", "concurrent", block_ms=0) is None
    assert queue._redis.xlen(keys.stream("concurrent")) == 0
    assert taken(queue).job.id == change


def test_a_change_that_requests_approval_meanwhile(queue: Queue, audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker parks it after ``cancel`` has read it: it ends at once, and the cluster's next change runs."""
    asked = admitted(queue)
    lease = taken(queue)

    def query(job_id: str) -> Job | None:
        monkeypatch.undo()
        job = queue.get(job_id)
        ApprovalRepository(queue._redis, audit).open(lease, request_for(asked), "{}", [])
        return job

    monkeypatch.setattr(queue, "get", query)
    assert _cancel(queue, asked) == "cancelled"
    following = admitted(queue)
    assert taken(queue).job.id == following


def test_a_running_change(queue: Queue) -> None:
    """It is asked to stop, keeps its slot, and its worker ends it."""
    first, second = admitted(queue), admitted(queue)
    lease = taken(queue)
    assert _cancel(queue, first) == "stopping"
    job = queue.get(first)
    assert job is not None
    assert (job.state, job.cancel_by) == ("running", "U0BOSS")
    assert queue.take("one", "exclusive", block_ms=0) is None
    queue.finish(lease, "cancelled", "")
    assert _state(queue, first) == "cancelled"
    assert taken(queue).job.id == second


def test_what_a_cancelled_job_would_show_is_not_written_down(queue: Queue, audit: Audit) -> None:
    """So it is not shown either. What a running change has done is still written."""
    job_id = admitted(queue)
    lease = taken(queue)
    _cancel(queue, job_id)
    with pytest.raises(CancelRequested) as told:
        queue.record(lease, {}, [Entry("told secret", "one", job=job_id)], unless_cancelled=True)
    assert told.value.by == "U0BOSS"
    queue.record(lease, {"progress": "{}"}, [Entry("step", "one", job=job_id)])
    assert [entry.action for entry in audit.query()] == ["step", "cancelled", "asked"]


def test_an_ended_or_unknown_job(queue: Queue, audit: Audit) -> None:
    """Nothing changes, and nothing is written."""
    job_id = admitted(queue)
    queue.finish(taken(queue), "succeeded", "")
    written = len(audit.query())
    assert _cancel(queue, job_id) == "ended"
    assert _cancel(queue, "zzzz") == "unknown"
    assert _state(queue, job_id) == "succeeded"
    assert len(audit.query()) == written


def test_a_job_that_waits_for_approval(queue: Queue, audit: Audit) -> None:
    """It holds no slot, and ends at once."""
    parked, following = admitted(queue), admitted(queue)
    ApprovalRepository(queue._redis, audit).open(taken(queue), request_for(parked), "{}", [])
    assert _state(queue, parked) == "awaiting_approval"
    assert taken(queue).job.id == following
    assert _cancel(queue, parked) == "cancelled"
    assert _state(queue, parked) == "cancelled"
