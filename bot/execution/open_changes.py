"""The changes of a cluster that wait or run, as facts for an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.approvals.approval import Approval
from bot.approvals.repository import ApprovalRepository
from bot.model import OpenChange
from bot.model.facts import OpenChangeState
from bot.queue.job import Job, Order
from bot.queue.queue import Queue


def open_changes(queue: Queue, approvals: ApprovalRepository, cluster: str) -> tuple[OpenChange, ...]:
    """Return what runs or waits for its turn in ``cluster``, then what waits for approval. Raises Unavailable."""
    waiting = {approval.id: approval for approval in approvals.waiting(cluster)}
    asked = queue.jobs(waiting)
    return (
        *(_in_line(job) for job in queue.in_line(cluster)),
        *(_awaiting(job.order, waiting[job.order.id]) for job in asked),
    )


def _in_line(job: Job) -> OpenChange:
    order = job.order
    state: OpenChangeState = "running" if job.state == "running" else "queued"
    return OpenChange(order.id, order.words, order.requester, state, tuple(_words(order.args)))


def _awaiting(order: Order, approval: Approval) -> OpenChange:
    return OpenChange(
        order.id,
        order.words,
        order.requester,
        "awaiting approval",
        tuple(_words(order.args)),
        (len(approval.votes), approval.request.needed),
        approval.request.expires,
    )


def _words(argument: Any) -> Iterator[str]:
    """Yield all words of the arguments; hosts and nodes are among them."""
    if isinstance(argument, str):
        yield argument
    elif isinstance(argument, Mapping):
        for part in argument.values():
            yield from _words(part)
    elif isinstance(argument, list | tuple):
        for part in argument:
            yield from _words(part)
