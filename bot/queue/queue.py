"""The queue: Redis Streams with a consumer group, one Lua script per transition.

Each lane has a stream. The exclusive lane runs at most one job per cluster at a time; the concurrent lane has no such
limit, so a question never waits for a change.
"""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from redis import Redis

from bot.audit import Audit, Entry
from bot.errors import Failed, Unavailable
from bot.queue import results
from bot.queue.job import ENDED, RECORDED, Job, Order, State, new_id
from bot.queue.lease import Admission, Lease, LeaseLost, Reclaimed, check_reply
from bot.queue.worker_registry import WorkerRegistry, grouped
from bot.secrets.redact import redact
from bot.store import keys
from bot.store.client import answering
from bot.store.keys import GROUP, Lane
from bot.store.scripts import Script

LEASE: Final = 15.0
ATTEMPTS: Final = 3
ADMIT_WITHIN_MS: Final = 2000
IDS_TRIED: Final = 20
LUA: Final = Path(__file__).parent / "lua"

Cancelled = Literal["cancelled", "stopping", "ended", "unknown"]


class Queue:
    """Jobs in Redis. Safe to share between threads; every method raises :class:`Unavailable`.

    ``lease`` is in seconds: a job whose lease was not renewed for that long is another worker's to take.
    """

    def __init__(self, redis: Redis, audit: Audit, *, lease: float = LEASE) -> None:
        self._redis = redis
        self._audit = audit
        self._lease_ms = int(lease * 1000)
        self.registry = WorkerRegistry(redis, beat_ms=self._lease_ms)
        names = ("admit", "start", "renew", "record", "finish", "cancel")
        self._run = {name: Script(redis, LUA / f"{name}.lua") for name in names}

    def admit(self, order: Order, entries: Sequence[Entry]) -> Admission:
        """Store a job and its audit entries, and put it in line.

        An id that another job has is replaced, in the entries too. Unavailable means that nothing was done, or, when
        Redis took the words and its answer was lost on the way, that it is not known.
        """
        with answering():
            seconds, micros = self._redis.time()
            deadline = seconds * 1000 + micros // 1000 + ADMIT_WITHIN_MS
            for _ in range(IDS_TRIED):
                word, *reply = self._admit(order, entries, deadline)
                if word == "ok":
                    return Admission(reply[0], duplicate=reply[1] == "1", ahead=reply[2], workers=int(reply[3]))
                if word == "late":
                    raise Unavailable("Redis took too long.", true_now="Nothing was done.", next_step="Ask again.")
                taken, order = order.id, replace(order, id=new_id())
                entries = [replace(e, job=order.id) if e.job == taken else e for e in entries]
        raise Failed("No job id is free.", true_now="Nothing was done.", next_step="Ask again.")

    def _admit(self, order: Order, entries: Sequence[Entry], deadline: int) -> list[Any]:
        places = [keys.job(order.id), keys.request(order.request_key), keys.slot(order.cluster)]
        places += [keys.waiting(order.cluster), keys.stream(order.lane), keys.RECENT, keys.recent(order.cluster)]
        places += [keys.WORKERS, keys.approval(order.id), *keys.AUDIT]
        args = [order.id, order.request_key, order.lane, order.stored(), f"{order.asked_at:.3f}", str(deadline)]
        args += [str(keys.REQUEST_KEPT), str(keys.JOB_KEPT)]
        return self._audit.commit(entries, lambda tail: self._run["admit"](places, args + tail))

    def take(self, worker: str, lane: Lane, block_ms: int = 2000) -> Lease | None:
        """Wait up to ``block_ms`` (0: not at all) for a job of ``lane`` and lease it; None when there is none."""
        stream = keys.stream(lane)
        with answering(), grouped(self._redis, stream):
            got: Any = self._redis.xreadgroup(GROUP, worker, {stream: ">"}, count=1, block=block_ms or None)
            if got:
                ((_, (message,)),) = got
                return self._start(worker, stream, *message)[1]
        return None

    def reclaim(self, worker: str, lane: Lane) -> Reclaimed:
        """Take over one job whose lease ran out; jobs out of attempts are failed on the way, "worker lost"."""
        stream = keys.stream(lane)
        failed: list[Job] = []
        cursor = "0-0"
        while cursor:
            word, lease = "skip", None
            with answering(), grouped(self._redis, stream):
                got: Any = self._redis.xautoclaim(stream, GROUP, worker, self._lease_ms, cursor, count=1)
                cursor = got[0] if got[0] != "0-0" else ""
                if got[1]:
                    word, lease = self._start(worker, stream, *got[1][0])
            if lease and word == "ok":
                return Reclaimed(lease, failed)
            if lease:
                failed.extend(self._give_up(lease))
        return Reclaimed(None, failed)

    def _start(self, worker: str, stream: str, entry: str, fields: Mapping[str, str]) -> tuple[str, Lease | None]:
        args = [entry, GROUP, worker, uuid.uuid4().hex, str(ATTEMPTS)]
        word, *flat = self._run["start"]([keys.job(fields["job"]), stream], args)
        if word == "skip":
            return word, None
        job = Job.from_hash(dict(zip(flat[::2], flat[1::2], strict=True)))
        return word, Lease(job=job, fence=job.fence, stream_id=entry, worker=worker)

    def _give_up(self, lease: Lease) -> list[Job]:
        entry = lease.audit_entry("ended", f"failed: worker lost in {lease.job.attempt} attempts")
        with contextlib.suppress(LeaseLost):
            self.finish(lease, "failed", results.of_error(results.worker_lost(lease)), [entry])
            job = self.get(lease.job.id)
            return [job] if job else []
        return []

    def renew(self, lease: Lease) -> None:
        """Prolong the lease from now on; LeaseLost (and ``lease.lost`` set) when it is not ours any more."""
        args = [lease.stream_id, GROUP, lease.worker, str(lease.fence)]
        with answering():
            check_reply(lease, self._run["renew"]([keys.job(lease.job.id), keys.stream(lease.job.order.lane)], args))

    def record(
        self, lease: Lease, fields: Mapping[str, str], entries: Sequence[Entry] = (), *, unless_cancelled: bool = False
    ) -> None:
        """Write ``fields`` (of RECORDED, else ValueError) of a running job; LeaseLost when the fence is not ours.

        With ``unless_cancelled`` nothing is written of a job that somebody has cancelled: CancelRequested.
        """
        if unknown := set(fields) - RECORDED:
            raise ValueError(f"not recorded while a job runs: {sorted(unknown)}")
        places = [keys.job(lease.job.id), *keys.AUDIT]
        args = [str(lease.fence), redact(json.dumps(dict(fields), ensure_ascii=False)), "1" if unless_cancelled else ""]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["record"](places, args + tail)))

    def finish(self, lease: Lease, state: State, result: str, entries: Sequence[Entry] = ()) -> None:
        """End the job and start its cluster's next change; LeaseLost when the fence is not ours."""
        if state not in ENDED:
            raise ValueError(f"not an end: {state}")
        order = lease.job.order
        places = [keys.job(order.id), keys.stream(order.lane), *_line(order), *keys.AUDIT]
        args = [order.id, str(lease.fence), lease.stream_id, GROUP, state, redact(result), str(keys.JOB_KEPT)]
        check_reply(lease, self._audit.commit(entries, lambda tail: self._run["finish"](places, args + tail)))

    def cancel(self, job_id: str, by: str, entries: Sequence[Entry]) -> Cancelled:
        """End a job that has not started, at once; ask the worker of a running one to stop between steps.

        ``entries`` are written only if one of the two happened.
        """
        job = self.get(job_id)
        if job is None:
            return "unknown"
        places = [keys.job(job_id), keys.stream("exclusive"), *_line(job.order), *keys.AUDIT]
        args = [job_id, by, str(keys.JOB_KEPT)]
        word: Cancelled = self._audit.commit(entries, lambda tail: self._run["cancel"](places, args + tail))[0]
        return word

    def get(self, job_id: str) -> Job | None:
        """The job as it is now."""
        with answering():
            raw: Any = self._redis.hgetall(keys.job(job_id))
        return Job.from_hash(raw) if "order" in raw else None

    def jobs(self, ids: Iterable[str]) -> list[Job]:
        """Those of these jobs that are kept still, as they are now."""
        with answering():
            pipe = self._redis.pipeline(transaction=False)
            for job_id in ids:
                pipe.hgetall(keys.job(job_id))
            return [Job.from_hash(raw) for raw in pipe.execute() if "order" in raw]

    def recent(self, cluster: str | None, count: int) -> list[Job]:
        """The ``count`` jobs of a cluster (None: of all) that were asked last, newest first."""
        with answering():
            index = keys.RECENT if cluster is None else keys.recent(cluster)
            ids: Any = self._redis.zrevrange(index, 0, count - 1)
        return self.jobs(ids)

    def in_line(self, cluster: str) -> list[Job]:
        """The changes of a cluster that have not ended: the one whose turn it is, then those that wait for theirs."""
        with answering():
            waiting: Any = self._redis.lrange(keys.waiting(cluster), 0, -1)
            ids: list[Any] = [self._redis.get(keys.slot(cluster)), *waiting]
        return [job for job in self.jobs(filter(None, ids)) if not job.ended]

    def alive(self) -> int:
        """How many workers have a fresh heartbeat."""
        return self.registry.alive()


def _line(order: Order) -> list[str]:
    return [keys.slot(order.cluster), keys.waiting(order.cluster), keys.approval(order.id)]
