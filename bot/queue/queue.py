"""The queue: Redis Streams with a consumer group, one Lua script per transition.

Each lane has a stream. The exclusive lane runs at most one job per cluster at a time; the concurrent lane has no such
limit, so a question never waits for a change.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from redis import Redis

from bot.audit import Audit, Entry
from bot.errors import Failed, SwarmbotError, Unavailable
from bot.outbox.outbox import packed
from bot.outbox.outgoing import Outgoing
from bot.queue import results
from bot.queue.counts import BUCKETS
from bot.queue.end_messages import cancelled_message
from bot.queue.job import ENDED, RECORDED, Job, Order, State, new_id
from bot.queue.lease import Admission, Lease, LeaseLost, Reclaimed, check_reply
from bot.queue.worker_registry import WorkerRegistry, grouped
from bot.secrets.redact import redact
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.keys import GROUP, Lane
from bot.store.scripts import Script
from bot.store.server_clock import ServerClock
from bot.stored_json import from_json

LEASE_S: Final = 15.0
MAX_ATTEMPTS: Final = 3
ADMIT_TIMEOUT_MS: Final = 2000
"""After this time by Redis' clock a job is not admitted: its requester was told that nothing was done."""
MAX_IDS_TRIED: Final = 20
LUA: Final = Path(__file__).parent / "lua"

_OUTBOX: Final = [keys.OUTBOX, keys.OUTGOING]

Tell = Callable[[Job, SwarmbotError], Sequence[Outgoing]]
"""Returns the messages about the end of a job that failed with an error."""

Cancelled = Literal["cancelled", "stopping", "ended", "unknown"]


class Queue:
    """Jobs in Redis. Safe to share between threads. Every method raises Unavailable if Redis does not respond.

    Another worker may take a job whose lease was not renewed for ``lease_s`` seconds.
    """

    def __init__(self, redis: Redis, audit: Audit, *, lease_s: float = LEASE_S) -> None:
        self._redis = redis
        self._audit = audit
        self._clock = ServerClock(redis)
        self._lease_ms = int(lease_s * 1000)
        self.registry = WorkerRegistry(redis, beat_ms=self._lease_ms)
        names = ("admit", "start", "renew", "record", "show", "finish", "cancel")
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in names}

    def admit(self, order: Order, entries: Sequence[Entry]) -> Admission:
        """Store a job and its audit entries, and queue it.

        An id that another job has is replaced, in the entries too. Raise Unavailable if nothing was done, or if it is
        not known because Redis' reply was lost. Raise Failed if no id is free.
        """
        with translate_errors():
            deadline = self._clock.now_ms() + ADMIT_TIMEOUT_MS
            for _ in range(MAX_IDS_TRIED):
                word, *reply = self._admit(order, entries, deadline)
                if word == "ok":
                    return Admission(reply[0], duplicate=reply[1] == "1", ahead=reply[2], workers=int(reply[3]))
                if word == "late":
                    raise Unavailable(
                        "Redis did not respond in time.", true_now="Nothing was done.", next_step="Ask again."
                    )
                taken, order = order.id, replace(order, id=new_id())
                entries = [replace(e, job=order.id) if e.job == taken else e for e in entries]
        raise Failed("No job id is free.", true_now="Nothing was done.", next_step="Ask again.")

    def _admit(self, order: Order, entries: Sequence[Entry], deadline: int) -> list[Any]:
        places = [keys.job(order.id), keys.request(order.request_key), keys.slot(order.cluster)]
        places += [keys.waiting(order.cluster), keys.stream(order.lane), keys.RECENT, keys.recent(order.cluster)]
        places += [keys.WORKERS, keys.approval(order.id), *keys.AUDIT]
        args = [order.id, order.request_key, order.lane, order.stored(), f"{order.asked_at:.6f}", str(deadline)]
        args += [str(keys.REQUEST_TTL_S), str(keys.JOB_TTL_S)]
        return self._audit.commit(entries, lambda tail: self._run["admit"](places, args + tail))

    def take(self, worker: str, lane: Lane, block_ms: int = 2000) -> Lease | None:
        """Lease the next job of ``lane``, waiting up to ``block_ms`` (0: not at all). None if there is no job."""
        stream = keys.stream(lane)
        with translate_errors(), grouped(self._redis, stream):
            got: Any = self._redis.xreadgroup(GROUP, worker, {stream: ">"}, count=1, block=block_ms or None)
            if got:
                ((_, (message,)),) = got
                return self._start(worker, stream, *message)[1]
        return None

    def reclaim(self, worker: str, lane: Lane, tell: Tell = lambda _job, _error: ()) -> Reclaimed:
        """Take over one job whose lease expired.

        Jobs without an attempt left fail on the way ("worker lost"); ``tell`` returns the messages that say so.
        """
        stream = keys.stream(lane)
        failed: list[Job] = []
        cursor = "0-0"
        while cursor:
            word, lease = "skip", None
            with translate_errors(), grouped(self._redis, stream):
                got: Any = self._redis.xautoclaim(stream, GROUP, worker, self._lease_ms, cursor, count=1)
                cursor = got[0] if got[0] != "0-0" else ""
                if got[1]:
                    word, lease = self._start(worker, stream, *got[1][0])
            if lease and word == "ok":
                return Reclaimed(lease, failed)
            if lease:
                failed.extend(self._give_up(lease, tell))
        return Reclaimed(None, failed)

    def _start(self, worker: str, stream: str, entry: str, fields: Mapping[str, str]) -> tuple[str, Lease | None]:
        args = [entry, GROUP, worker, uuid.uuid4().hex, str(MAX_ATTEMPTS)]
        word, *flat = self._run["start"]([keys.job(fields["job"]), stream], args)
        if word == "skip":
            return word, None
        job = Job.from_hash(dict(zip(flat[::2], flat[1::2], strict=True)))
        return word, Lease(job=job, fence=job.fence, stream_id=entry, worker=worker)

    def _give_up(self, lease: Lease, tell: Tell) -> list[Job]:
        entry = lease.audit_entry("ended", f"failed: worker lost in {lease.job.attempt} attempts")
        with contextlib.suppress(LeaseLost):
            error = results.worker_lost(lease)
            self.finish(lease, "failed", results.failure(error), [entry], tell(lease.job, error))
            job = self.get(lease.job.id)
            return [job] if job else []
        return []

    def renew(self, lease: Lease) -> None:
        """Extend the lease from now. Raise LeaseLost, and set ``lease.lost``, if it is no longer this worker's."""
        args = [lease.stream_id, GROUP, lease.worker, str(lease.fence)]
        with translate_errors():
            check_reply(lease, self._run["renew"]([keys.job(lease.job.id), keys.stream(lease.job.order.lane)], args))

    def record(
        self, lease: Lease, fields: Mapping[str, str], entries: Sequence[Entry] = (), *, unless_cancelled: bool = False
    ) -> None:
        """Write ``fields`` of a running job, and audit entries.

        Raise ValueError for a field that is not in RECORDED, LeaseLost if the fence is no longer the job's. With
        ``unless_cancelled``, write nothing and raise CancelRequested if somebody cancelled the job.
        """
        if unknown := set(fields) - RECORDED:
            raise ValueError(f"not recorded while a job runs: {sorted(unknown)}")
        places = [keys.job(lease.job.id), *keys.AUDIT]
        args = [str(lease.fence), redact(json.dumps(dict(fields), ensure_ascii=False)), "1" if unless_cancelled else ""]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["record"](places, args + tail)))

    def show(self, lease: Lease, progress: Outgoing) -> None:
        """Show the progress of a running job. Raise LeaseLost as :meth:`record` does."""
        with translate_errors():
            places = [keys.job(lease.job.id), keys.OUTBOX, keys.OUTGOING]
            check_reply(lease, self._run["show"](places, [str(lease.fence), packed([progress])]))

    def finish(
        self,
        lease: Lease,
        state: State,
        result: str,
        entries: Sequence[Entry] = (),
        messages: Sequence[Outgoing] = (),
    ) -> None:
        """End the job and start its cluster's next exclusive job. Raise LeaseLost as :meth:`record` does.

        ``messages`` report the end: they are promised in the same step.
        """
        if state not in ENDED:
            raise ValueError(f"not a final state: {state}")
        order = lease.job.order
        places = [keys.job(order.id), keys.stream(order.lane), *_line_and_approval_keys(order), *_OUTBOX]
        places += [keys.JOB_DURATIONS, *keys.AUDIT]
        args = [order.id, str(lease.fence), lease.stream_id, GROUP, state, redact(result), str(keys.JOB_TTL_S)]
        args += [packed(messages), f"{order.lane}:{state}", BUCKETS]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["finish"](places, args + tail)))

    def cancel(self, job_id: str, by: str, entries: Sequence[Entry]) -> Cancelled:
        """End a job that has not started, or ask the worker of a running job to stop before its next step.

        ``entries`` are written only in these two cases. In the first one the requester is told, unless it is ``by``.
        """
        job = self.get(job_id)
        if job is None:
            return "unknown"
        places = [
            keys.job(job_id),
            keys.stream("exclusive"),
            *_line_and_approval_keys(job.order),
            *_OUTBOX,
            *keys.AUDIT,
        ]
        messages = [] if by == job.order.requester else [cancelled_message(job.order, by)]
        args = [job_id, by, str(keys.JOB_TTL_S), packed(messages)]
        word: Cancelled = self._audit.commit(entries, lambda tail: self._run["cancel"](places, args + tail))[0]
        return word

    def get(self, job_id: str) -> Job | None:
        """Return the job as it is now; None if there is none with this id."""
        with translate_errors():
            raw: Any = self._redis.hgetall(keys.job(job_id))
        return Job.from_hash(raw) if "order" in raw else None

    def jobs(self, ids: Iterable[str]) -> list[Job]:
        """Return those of the jobs that are still stored, as they are now."""
        with translate_errors():
            pipe = self._redis.pipeline(transaction=False)
            for job_id in ids:
                pipe.hgetall(keys.job(job_id))
            return [Job.from_hash(raw) for raw in pipe.execute() if "order" in raw]

    def recent(self, cluster: str | None, count: int) -> list[Job]:
        """Return the ``count`` newest jobs of a cluster (None: of all clusters), newest first."""
        with translate_errors():
            index = keys.RECENT if cluster is None else keys.recent(cluster)
            ids: Any = self._redis.zrevrange(index, 0, count - 1)
        return self.jobs(ids)

    def recent_orders(self, count: int) -> list[tuple[Order, State]]:
        """Return the orders of the ``count`` newest jobs, newest first, with their states: not plans and outcomes."""
        with translate_errors():
            ids: Any = self._redis.zrevrange(keys.RECENT, 0, count - 1)
            pipe = self._redis.pipeline(transaction=False)
            for job_id in ids:
                pipe.hmget(keys.job(job_id), "order", "state")
            return [(from_json(Order, order), state) for order, state in pipe.execute() if order]

    def in_line(self, cluster: str) -> list[Job]:
        """Return a cluster's exclusive jobs that have not ended: the one whose turn it is, then those that wait."""
        with translate_errors():
            waiting: Any = self._redis.lrange(keys.waiting(cluster), 0, -1)
            ids: list[Any] = [self._redis.get(keys.slot(cluster)), *waiting]
        return [job for job in self.jobs(filter(None, ids)) if not job.ended]

    def alive(self) -> int:
        """Return the number of workers with a fresh heartbeat."""
        return self.registry.alive()


def _line_and_approval_keys(order: Order) -> list[str]:
    return [keys.slot(order.cluster), keys.waiting(order.cluster), keys.approval(order.id)]
