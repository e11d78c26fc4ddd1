"""Approvals in Redis: open → approved | denied | withdrawn | expired | void. Each transition is one script."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from redis import Redis

from bot.approvals.approval import Approval, ApprovalRequest
from bot.audit import Audit, Entry
from bot.errors import Refused, SwarmbotError
from bot.outbox.outbox import packed
from bot.outbox.outgoing import Outgoing
from bot.queue import results
from bot.queue.job import Job, Order, State
from bot.queue.lease import Lease, check_reply
from bot.secrets.redact import redact
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.keys import GROUP
from bot.store.scripts import Script
from bot.stored_json import to_json

LUA: Final = Path(__file__).parent / "lua"
JOB_ENDS: Final[dict[str, State]] = {"denied": "denied", "withdrawn": "cancelled", "expired": "expired"}

Counted = Literal["approved", "counted", "changed", "ended", "late", "own", "not yours", "twice"]
Ended = Literal["ok", "ended", "late", "early"]


class ApprovalRepository:
    """Safe to share between threads; every method raises :class:`~bot.errors.Unavailable`."""

    def __init__(self, redis: Redis, audit: Audit) -> None:
        self._redis = redis
        self._audit = audit
        names = ("open", "vote", "end", "void", "show", "remind")
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in names}

    def open(self, lease: Lease, request: ApprovalRequest, plan: str, entries: Sequence[Entry]) -> None:
        """Park the job until ``request.needed`` people have approved it, or its requester has confirmed it.

        Its cluster's next change starts. Raises LeaseLost, CancelRequested.
        """
        job = lease.job
        redis_keys = [
            keys.job(job.id),
            keys.stream(job.order.lane),
            keys.approval(job.id),
            keys.APPROVALS_OPEN,
            keys.APPROVALS_UNSHOWN,
            *_stream_and_line_keys(job.order),
            *keys.AUDIT,
            keys.APPROVALS_REMIND,
        ]
        state: State = "awaiting_confirmation" if request.confirmation else "awaiting_approval"
        args = [
            job.id,
            str(lease.fence),
            lease.stream_id,
            GROUP,
            redact(to_json(request)),
            _ms(request.expires),
            redact(plan),
            state,
            _ms(request.remind_at) if request.remind_at else "",
        ]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["open"](redis_keys, args + tail)))

    def vote(
        self, job: Job, seen: Approval, by: str, still_eligible: Iterable[str], entries: Sequence[Entry]
    ) -> Counted:
        """Count the approval of ``by``, checked against ``seen``."""
        redis_keys = [
            keys.approval(job.id),
            keys.job(job.id),
            keys.APPROVALS_OPEN,
            keys.APPROVALS_UNSHOWN,
            *_stream_and_line_keys(job.order),
            *keys.AUDIT,
        ]
        args = [job.id, by, str(seen.version), json.dumps(sorted(still_eligible)), as_change(job.order).stored()]
        result: Counted = self._audit.commit(entries, lambda tail: self._run["vote"](redis_keys, args + tail))[0]
        return result

    def end(self, job_id: str, how: Literal["denied", "withdrawn", "expired"], by: str, why: str,
            entries: Sequence[Entry]) -> Ended:  # fmt: skip
        """End an open approval, and its job with it; ``why`` is the job's outcome."""
        redis_keys = [
            keys.approval(job_id),
            keys.job(job_id),
            keys.APPROVALS_OPEN,
            keys.APPROVALS_UNSHOWN,
            *keys.AUDIT,
        ]
        outcome = results.failure(Refused(why, true_now="Nothing was changed."))
        args = [job_id, how, by, redact(why), JOB_ENDS[how], outcome, str(keys.JOB_TTL_S)]
        result: Ended = self._audit.commit(entries, lambda tail: self._run["end"](redis_keys, args + tail))[0]
        return result

    def void(self, lease: Lease, error: SwarmbotError, entries: Sequence[Entry]) -> None:
        """Void the approval of a job that is about to begin, and end the job. Raises LeaseLost."""
        job = lease.job
        redis_keys = [
            keys.approval(job.id),
            keys.job(job.id),
            *_stream_and_line_keys(job.order),
            keys.APPROVALS_UNSHOWN,
            *keys.AUDIT,
        ]
        args = [
            job.id,
            str(lease.fence),
            lease.stream_id,
            GROUP,
            redact(error.happened),
            results.failure(error),
            str(keys.JOB_TTL_S),
        ]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["void"](redis_keys, args + tail)))

    def get(self, job_id: str) -> Approval | None:
        """Return the approval of a job; None if there is none."""
        with translate_errors():
            raw: Any = self._redis.hgetall(keys.approval(job_id))
        return Approval.from_hash(raw) if "request" in raw else None

    def waiting(self, cluster: str | None = None) -> list[Approval]:
        """Return the open approvals (of a cluster), the next to expire first."""
        with translate_errors():
            ids: Any = self._redis.zrange(keys.APPROVALS_OPEN, 0, -1)
        found = [approval for job_id in ids if (approval := self.get(job_id))]
        return [approval for approval in found if approval.open and cluster in {None, approval.request.cluster}]

    def due(self, now: float) -> list[str]:
        """Return the ids of open approvals that have expired at ``now`` (unix seconds)."""
        with translate_errors():
            ids: Any = self._redis.zrangebyscore(keys.APPROVALS_OPEN, "-inf", _ms(now))
        return list(ids)

    def to_remind(self, now: float) -> list[str]:
        """Return the ids of approvals to remind people of at ``now`` (unix seconds); some of them may have ended."""
        with translate_errors():
            ids: Any = self._redis.zrangebyscore(keys.APPROVALS_REMIND, "-inf", _ms(now))
        return list(ids)

    def remind(self, job_id: str, version: int, reminder: Sequence[Outgoing]) -> bool:
        """Promise a reminder if the approval is still open and has this version; return whether that was done.

        Only the first worker does it. If the approval has ended, there is nothing to remind of any more.
        """
        redis_keys = [keys.approval(job_id), keys.APPROVALS_REMIND, keys.OUTBOX, keys.OUTGOING]
        with translate_errors(writing=True):
            return bool(self._run["remind"](redis_keys, [job_id, str(version), packed(reminder)])[0] == "ok")

    def unshown(self, now: float = math.inf) -> list[str]:
        """Return the ids of approvals whose card must be updated at ``now`` (unix seconds)."""
        with translate_errors():
            ids: Any = self._redis.zrangebyscore(keys.APPROVALS_UNSHOWN, "-inf", _ms(now))
        return list(ids)

    def put_off(self, job_id: str, until: float) -> None:
        """Retry a card that could not be made at ``until`` (unix seconds)."""
        with translate_errors():
            self._redis.zadd(keys.APPROVALS_UNSHOWN, {job_id: _ms(until)}, xx=True)

    def show_again(self, job_id: str) -> None:
        """Update the card of a job, because the job changed."""
        with translate_errors():
            if self._redis.exists(keys.approval(job_id)):
                self._redis.zadd(keys.APPROVALS_UNSHOWN, {job_id: 0})

    def show(self, approval: Approval, job: Job, card: Sequence[Outgoing], told: Outgoing | None) -> bool:
        """Promise the card, and once for each end of the approval what its requester is ``told``.

        Return False if the approval or its job changed since it was read: its card is still to be updated then.
        """
        redis_keys = [keys.approval(approval.id), keys.job(approval.id), keys.APPROVALS_UNSHOWN]
        field = f"told {approval.state}" if told else ""
        args = [approval.id, str(approval.version), job.state, packed(card), field, packed([told] if told else [])]
        with translate_errors(writing=True):
            return bool(self._run["show"]([*redis_keys, keys.OUTBOX, keys.OUTGOING], args)[0] == "ok")

    def forget(self, job_id: str) -> None:
        """Stop updating the card of ``job_id``: the approval or its job has been deleted."""
        with translate_errors():
            self._redis.zrem(keys.APPROVALS_UNSHOWN, job_id)


def as_change(order: Order) -> Order:
    """Return the order for the exclusive lane."""
    return replace(order, lane="exclusive")


def _stream_and_line_keys(order: Order) -> list[str]:
    return [keys.stream("exclusive"), keys.slot(order.cluster), keys.waiting(order.cluster)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"
