"""Approvals in Redis: asked → approved | denied | withdrawn | expired | void, one script a transition."""

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

Counted = Literal["approved", "counted", "changed", "ended", "late", "own", "twice"]
Ended = Literal["ok", "ended", "late", "early"]


class ApprovalRepository:
    """Safe to share between threads; every method raises :class:`~bot.errors.Unavailable`."""

    def __init__(self, redis: Redis, audit: Audit) -> None:
        self._redis = redis
        self._audit = audit
        names = ("ask", "release", "vote", "end", "void", "shown")
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in names}

    def ask(self, lease: Lease, ask: ApprovalRequest, plan: str, entries: Sequence[Entry]) -> None:
        """Park the job until ``ask.needed`` people have said yes; LeaseLost, CancelRequested."""
        job = lease.job
        places = [
            keys.job(job.id),
            keys.stream(job.order.lane),
            keys.approval(job.id),
            keys.APPROVALS_OPEN,
            keys.APPROVALS_UNSHOWN,
            *keys.AUDIT,
        ]
        args = [job.id, str(lease.fence), lease.stream_id, GROUP, redact(to_json(ask)), _ms(ask.expires), redact(plan)]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["ask"](places, args + tail)))

    def release(self, lease: Lease, entries: Sequence[Entry]) -> None:
        """Put a job that needs nobody's yes into its cluster's line; LeaseLost, CancelRequested."""
        job = lease.job
        places = [keys.job(job.id), keys.stream(job.order.lane), *_line(job.order), *keys.AUDIT]
        args = [job.id, str(lease.fence), lease.stream_id, GROUP, as_change(job.order).stored()]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["release"](places, args + tail)))

    def vote(self, job: Job, seen: Approval, by: str, still: Iterable[str], entries: Sequence[Entry]) -> Counted:
        """Count ``by``'s yes, judged on ``seen``; ``still`` are the earlier voters who have the right now."""
        places = [
            keys.approval(job.id),
            keys.job(job.id),
            keys.APPROVALS_OPEN,
            keys.APPROVALS_UNSHOWN,
            *_line(job.order),
            *keys.AUDIT,
        ]
        args = [job.id, by, str(seen.version), json.dumps(sorted(still)), as_change(job.order).stored()]
        word: Counted = self._audit.commit(entries, lambda tail: self._run["vote"](places, args + tail))[0]
        return word

    def end(self, job_id: str, how: Literal["denied", "withdrawn", "expired"], by: str, why: str,
            entries: Sequence[Entry]) -> Ended:  # fmt: skip
        """End an open question, and its job with it; what is told of the job is ``why``."""
        places = [
            keys.approval(job_id),
            keys.job(job_id),
            keys.APPROVALS_OPEN,
            keys.APPROVALS_UNSHOWN,
            *keys.AUDIT,
        ]
        told = results.failure(Refused(why, true_now="Nothing was changed."))
        args = [job_id, how, by, redact(why), JOB_ENDS[how], told, str(keys.JOB_TTL_S)]
        word: Ended = self._audit.commit(entries, lambda tail: self._run["end"](places, args + tail))[0]
        return word

    def void(self, lease: Lease, error: SwarmbotError, entries: Sequence[Entry]) -> None:
        """Void the approval of a job that is about to begin, and end the job; LeaseLost when it is not ours."""
        job = lease.job
        places = [keys.approval(job.id), keys.job(job.id), *_line(job.order), keys.APPROVALS_UNSHOWN, *keys.AUDIT]
        args = [
            job.id,
            str(lease.fence),
            lease.stream_id,
            GROUP,
            redact(error.happened),
            results.failure(error),
            str(keys.JOB_TTL_S),
        ]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["void"](places, args + tail)))

    def get(self, job_id: str) -> Approval | None:
        """The approval of a job as it is now."""
        with translate_errors():
            raw: Any = self._redis.hgetall(keys.approval(job_id))
        return Approval.from_hash(raw) if "ask" in raw else None

    def waiting(self, cluster: str | None = None) -> list[Approval]:
        """The open ones (of a cluster), the one that expires first first."""
        with translate_errors():
            ids: Any = self._redis.zrange(keys.APPROVALS_OPEN, 0, -1)
        found = [approval for job_id in ids if (approval := self.get(job_id))]
        return [approval for approval in found if approval.open and cluster in {None, approval.ask.cluster}]

    def due(self, now: float) -> list[str]:
        """Ids of open ones whose time is over at ``now`` (unix seconds)."""
        with translate_errors():
            ids: Any = self._redis.zrangebyscore(keys.APPROVALS_OPEN, "-inf", _ms(now))
        return list(ids)

    def unshown(self, now: float = math.inf) -> list[str]:
        """Ids of those that changed since their card was shown, and are not put off beyond ``now`` (unix seconds)."""
        with translate_errors():
            ids: Any = self._redis.zrangebyscore(keys.APPROVALS_UNSHOWN, "-inf", _ms(now))
        return list(ids)

    def put_off(self, job_id: str, until: float) -> None:
        """Have a card that could not be shown tried again at ``until`` (unix seconds)."""
        with translate_errors():
            self._redis.zadd(keys.APPROVALS_UNSHOWN, {job_id: _ms(until)}, xx=True)

    def show_again(self, job_id: str) -> None:
        """Have the card of a job shown anew, because the job changed."""
        with translate_errors():
            if self._redis.exists(keys.approval(job_id)):
                self._redis.zadd(keys.APPROVALS_UNSHOWN, {job_id: 0})

    def shown(self, approval: Approval, ts: str) -> None:
        """Note where the card is; it stays to be shown when the approval changed meanwhile."""
        self._note(approval, str(approval.version), ts)

    def moved(self, approval: Approval, ts: str) -> None:
        """Note where the card is, and that it is to be shown again because its job went on meanwhile."""
        self._note(approval, "", ts)

    def _note(self, approval: Approval, version: str, ts: str) -> None:
        places = [keys.approval(approval.id), keys.job(approval.id), keys.APPROVALS_UNSHOWN]
        with translate_errors():
            self._run["shown"](places, [approval.id, version, approval.ask.channel, ts])

    def forget(self, job_id: str) -> None:
        """Show the card of ``job_id`` no more: it or its job is not kept any longer."""
        with translate_errors():
            self._redis.zrem(keys.APPROVALS_UNSHOWN, job_id)

    def first_telling(self, job_id: str, standing: str) -> bool:
        """Whether the requester was not told of this end before; from now on they were."""
        with translate_errors():
            return bool(self._redis.hset(keys.approval(job_id), f"told {standing}", "1"))

    def note(self, entry: Entry) -> None:
        """Write an audit entry that reports no change."""
        self._audit.append([entry])


def as_change(order: Order) -> Order:
    """The order as it stands in the line of changes."""
    return replace(order, lane="exclusive")


def _line(order: Order) -> list[str]:
    return [keys.stream("exclusive"), keys.slot(order.cluster), keys.waiting(order.cluster)]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"
