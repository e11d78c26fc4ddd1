"""What tests of jobs share: orders, entries and waiting for a condition."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.approvals.approval import ApprovalRequest
from bot.audit import Entry
from bot.queue.job import Order, new_id
from bot.queue.lease import Lease
from bot.queue.queue import Queue
from bot.store.keys import Lane


def order(
    *,
    job_id: str = "",
    request_key: str = "",
    lane: Lane = "exclusive",
    cluster: str = "prod",
    words: str = "join worker",
) -> Order:
    """Return an order with defaults for what is not given."""
    job_id = job_id or new_id()
    return Order(
        id=job_id,
        request_key=request_key or f"request-{job_id}-{time.monotonic_ns()}",
        lane=lane,
        command="join",
        words=words,
        args={"role": "worker", "hosts": ["host-3"]},
        cluster=cluster,
        requester="U0ASKER",
        channel="C0PROD",
        response_url="https://hooks.slack.example/1",
        asked_at=time.time(),
    )


def asked(what: Order) -> list[Entry]:
    """Return the audit entries of an admission."""
    return [Entry("asked", what.requester, what.cluster, what.channel, what.command, what.words, what.id)]


def admitted(queue: Queue, *, lane: Lane = "exclusive", cluster: str = "prod") -> str:
    """Admit an order and return its job's id."""
    what = order(lane=lane, cluster=cluster)
    return queue.admit(what, asked(what)).job_id


def taken(queue: Queue, worker: str = "one", lane: Lane = "exclusive") -> Lease:
    """Take the next job. Reads that only delete cancelled entries are repeated."""
    for _ in range(10):
        if lease := queue.take(worker, lane, block_ms=50):
            return lease
    raise AssertionError("no job is there to take")


def request_for(job_id: str, *, cluster: str = "prod") -> ApprovalRequest:
    """Return the request for one approval of a job, valid for an hour."""
    now = time.time()
    return ApprovalRequest(
        job=job_id,
        cluster=cluster,
        channel="C0PROD",
        requester="U0ASKER",
        words="join worker",
        reason="",
        subject="join worker",
        by=("U0BOSS",),
        needed=1,
        asked_at=now,
        expires=now + 3600,
        digest="",
        basis="",
    )


def until(holds: Callable[[], bool], what: str, seconds: float = 20) -> None:
    """Wait until ``holds()``. Raise AssertionError with ``what`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)  # between two looks at the condition
