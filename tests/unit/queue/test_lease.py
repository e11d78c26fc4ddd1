"""Leases, their fences, and jobs whose worker is gone."""

from __future__ import annotations

import json

import pytest

from bot.audit import Audit, Filter
from bot.queue.lease import LeaseLost
from bot.queue.queue import MAX_ATTEMPTS, Queue
from bot.store import keys
from tests.kits.jobs import admitted, asked, order, taken


def test_a_late_worker_writes_nothing(queue: Queue, audit: Audit) -> None:
    """After another worker took over, the first can no longer renew, record or end the job, or write audit entries."""
    what = order()
    queue.admit(what, asked(what))
    late = taken(queue, "late")
    fresh = queue.reclaim("fresh", "exclusive").lease
    assert fresh is not None
    assert fresh.fence > late.fence
    written = len(audit.query())
    with pytest.raises(LeaseLost):
        queue.renew(late)
    with pytest.raises(LeaseLost):
        queue.record(late, {"progress": "late"}, asked(what))
    with pytest.raises(LeaseLost):
        queue.finish(late, "failed", "late", asked(what))
    assert late.lost.is_set()
    assert len(audit.query()) == written
    queue.record(fresh, {"progress": "fresh"})
    job = queue.get(what.id)
    assert job is not None
    assert (job.state, job.progress, job.worker) == ("running", "fresh", "fresh")


def test_a_lease_taken_over_by_the_same_worker_is_lost_too(queue: Queue) -> None:
    """The fence decides, not the name: a process that reclaims its own job cannot continue with the old lease."""
    admitted(queue)
    old = taken(queue, "one")
    new = queue.reclaim("one", "exclusive").lease
    assert new is not None
    with pytest.raises(LeaseLost):
        queue.finish(old, "succeeded", "")
    queue.finish(new, "succeeded", "")


def test_a_lease_that_its_holder_ended_is_not_lost(queue: Queue) -> None:
    """A heartbeat just after the end raises nothing."""
    admitted(queue)
    lease = taken(queue)
    queue.finish(lease, "succeeded", "")
    queue.renew(lease)
    assert not lease.lost.is_set()


def test_a_renewed_lease_is_not_taken_over(queue: Queue, audit: Audit) -> None:
    """Another worker gets a job only when its lease has expired."""
    patient = Queue(queue._redis, audit, lease_s=60)
    admitted(patient)
    lease = taken(patient)
    patient.renew(lease)
    assert patient.reclaim("two", "exclusive").lease is None
    patient.finish(lease, "succeeded", "")


def test_a_lease_far_back_is_found(queue: Queue, audit: Audit) -> None:
    """Reclaiming checks every lease, however many fresh ones come before it."""
    for number in range(30):
        admitted(queue, cluster=f"cluster-{number}")
    leases = [taken(queue) for _ in range(30)]
    patient = Queue(queue._redis, audit, lease_s=60)
    assert patient.reclaim("two", "exclusive").lease is None
    stale = leases[-1]
    queue._redis.xclaim(keys.stream("exclusive"), "workers", "one", 0, [stale.stream_id], idle=61_000, justid=True)
    found = patient.reclaim("two", "exclusive").lease
    assert found is not None
    assert found.job.id == stale.job.id


def test_a_job_without_attempts_left_fails(queue: Queue, audit: Audit) -> None:
    """If the last attempt's worker is lost too, the job fails with the reason, and the next change starts."""
    first, second = admitted(queue), admitted(queue)
    taken(queue)
    for attempt in range(2, MAX_ATTEMPTS + 1):
        lease = queue.reclaim("one", "exclusive").lease
        assert lease is not None
        assert lease.job.attempt == attempt
    lease, failed = queue.reclaim("one", "exclusive")
    assert lease is None
    assert [(job.id, job.state) for job in failed] == [(first, "failed")]
    assert "Worker lost" in json.loads(failed[0].outcome)["error"]["happened"]
    assert audit.query(Filter(job=first))[0].action == "ended"
    assert taken(queue).job.id == second


def test_an_end_that_is_told_twice_happens_once(queue: Queue, audit: Audit) -> None:
    """Ending a job again with the same lease, as after a lost reply, starts one job and writes once."""
    what = order()
    queue.admit(what, asked(what))
    second, third = admitted(queue), admitted(queue)
    lease = taken(queue)
    queue.finish(lease, "succeeded", "", asked(what))
    queue.finish(lease, "succeeded", "", asked(what))
    assert len(audit.query(Filter(job=what.id))) == 2
    assert taken(queue).job.id == second
    assert queue.take("one", "exclusive", block_ms=0) is None
    job = queue.get(third)
    assert job is not None
    assert job.state == "queued"


def test_only_named_fields_are_recorded(queue: Queue) -> None:
    """A field that a running job may not write is a defect, found at once."""
    admitted(queue)
    lease = taken(queue)
    with pytest.raises(ValueError, match="state"):
        queue.record(lease, {"state": "succeeded"})
    with pytest.raises(ValueError, match="running"):
        queue.finish(lease, "running", "")


def test_an_emptied_redis_is_used_as_new(queue: Queue) -> None:
    """If the server lost everything, jobs that are admitted later are found without a restart of the worker."""
    admitted(queue)
    taken(queue)
    queue._redis.flushall()
    assert queue.reclaim("one", "exclusive") == (None, [])
    job_id = admitted(queue)
    assert taken(queue).job.id == job_id


def test_heartbeats_expire(queue: Queue, audit: Audit) -> None:
    """A worker counts as alive until its heartbeat expires or it leaves."""
    patient = Queue(queue._redis, audit, lease_s=60)
    patient.registry.beat("one")
    patient.registry.beat("two")
    what = order()
    assert patient.admit(what, asked(what)).workers == 2
    patient.registry.leave("one")
    assert patient.alive() == 1
    Queue(queue._redis, audit, lease_s=0.001).registry.beat("two")
    assert patient.registry.alive() <= 1


def test_consumers_that_hold_jobs_are_not_forgotten(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Joining deletes old consumers that hold nothing. One with a job keeps it."""
    queue.registry.join()
    monkeypatch.setattr("bot.queue.worker_registry.CONSUMER_TTL_MS", -1)
    admitted(queue)
    taken(queue, "holds a job")
    queue.take("holds nothing", "exclusive", block_ms=0)
    queue.registry.join()
    left = [consumer["name"] for consumer in queue._redis.xinfo_consumers(keys.stream("exclusive"), "workers")]
    assert left == ["holds a job"]
