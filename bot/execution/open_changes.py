"""The changes of a cluster that wait or run, as facts for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.approvals.approval import Approval
from bot.approvals.repository import ApprovalRepository
from bot.blocks import order_text
from bot.model import Facts, OpenChange
from bot.model.approval_basis import Basis, changed_facts
from bot.model.facts import OpenChangeState
from bot.queue.job import Job, Order
from bot.queue.queue import Queue
from bot.stored_json import from_json
from bot.text.suggest import listed
from bot.text.words import words_in

MAX_NAMED: Final = 4


def open_changes(
    queue: Queue, approvals: ApprovalRepository, cluster: str, facts: Facts | None
) -> tuple[OpenChange, ...]:
    """Return what runs or waits for its turn in the cluster, then what waits for a decision. Raises Unavailable.

    With ``facts``, each of the latter says whether its plan still applies.
    """
    waiting = changes_that_wait(queue, approvals, cluster, facts)
    return (*changes_in_line(queue, cluster), *waiting)


def changes_that_wait(
    queue: Queue, approvals: ApprovalRepository, cluster: str, facts: Facts | None = None
) -> tuple[OpenChange, ...]:
    """Return what waits for a decision in ``cluster``. Raises Unavailable.

    With ``facts``, each says whether its plan still applies.
    """
    waiting = {approval.id: approval for approval in approvals.waiting(cluster)}
    return tuple(_awaiting(job.order, waiting[job.order.id], facts) for job in queue.jobs(waiting))


def changes_in_line(queue: Queue, cluster: str) -> tuple[OpenChange, ...]:
    """Return what runs in ``cluster``, then what waits for its turn, the next one first. Raises Unavailable."""
    return tuple(_in_line(job) for job in queue.in_line(cluster))


def changes_text(changes: Sequence[OpenChange]) -> str:
    """Return "job `snx8` (`/swarm leave host-2`)", or "jobs …" with the first MAX_NAMED of several."""
    named = listed(map(change_text, changes), limit=MAX_NAMED)
    return f"{'job' if len(changes) == 1 else 'jobs'} {named}"


def planned_text(changes: Sequence[OpenChange]) -> str:
    """Return when an order behind ``changes`` is planned: one that waits for approval leaves the line."""
    ended = "has ended or waits for approval" if len(changes) == 1 else "have ended or wait for approval"
    return f"is planned when {changes_text(changes)} {ended}"


def change_text(change: OpenChange) -> str:
    """Return "`snx8` (`/swarm leave host-2`)"."""
    return f"`{change.id}` ({order_text(change.words)})"


def _in_line(job: Job) -> OpenChange:
    order = job.order
    state: OpenChangeState = "running" if job.state == "running" else "queued"
    return OpenChange(order.id, order.words, order.requester, state, tuple(words_in(order.args)))


def _awaiting(order: Order, approval: Approval, facts: Facts | None) -> OpenChange:
    state: OpenChangeState = "awaiting confirmation" if approval.request.confirmation else "awaiting approval"
    changed = changed_facts(from_json(Basis, approval.request.basis), facts) if facts else []
    return OpenChange(
        order.id,
        order.words,
        order.requester,
        state,
        tuple(words_in(order.args)),
        (len(approval.votes), approval.request.needed),
        approval.request.expires,
        "; ".join(changed),
    )
