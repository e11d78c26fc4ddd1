"""A request becomes one job, and a cluster runs one exclusive job at a time."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from redis import Redis

from bot.audit import Audit, Filter
from bot.errors import Unavailable
from bot.queue.job import Order
from bot.queue.queue import Queue
from bot.store import keys
from tests.kits.jobs import admitted, asked, order, taken


def test_a_second_delivery_gets_the_first_job(queue: Queue, audit: Audit) -> None:
    """The same request with another id gets the first job's id, and writes no job and no audit entry."""
    first = order(request_key="click-1")
    second = order(request_key="click-1")
    queue.admit(first, asked(first))
    again = queue.admit(second, asked(second))
    assert (again.job_id, again.duplicate) == (first.id, True)
    assert queue.get(second.id) is None
    assert len(audit.query()) == 1


def test_a_retried_write_is_one_job(queue: Queue, audit: Audit) -> None:
    """Admitting the same order twice, as after a lost reply, is neither a duplicate nor a second job."""
    what = order()
    queue.admit(what, asked(what))
    again = queue.admit(what, asked(what))
    assert (again.job_id, again.duplicate) == (what.id, False)
    assert taken(queue).job.id == what.id
    assert queue.take("one", "exclusive", block_ms=0) is None
    assert len(audit.query()) == 1


def test_many_deliveries_at_once_are_one_job(queue: Queue) -> None:
    """Twenty simultaneous deliveries of one request give one job and nineteen duplicates."""
    found: list[tuple[str, bool]] = []

    def deliver() -> None:
        what = order(request_key="double-click")
        admission = queue.admit(what, asked(what))
        found.append((admission.job_id, admission.duplicate))

    threads = [threading.Thread(target=deliver) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({job_id for job_id, _ in found}) == 1
    assert sorted(duplicate for _, duplicate in found) == [False] + [True] * 19


def test_an_id_that_is_taken_is_replaced(queue: Queue, audit: Audit) -> None:
    """Two requests that chose the same id are two jobs, and the audit entry names the right one."""
    first = order(job_id="k7f3")
    second = order(job_id="k7f3", cluster="test")
    queue.admit(first, asked(first))
    admission = queue.admit(second, asked(second))
    assert admission.job_id != "k7f3"
    job = queue.get(admission.job_id)
    assert job is not None
    assert job.order == replace(second, id=admission.job_id)
    assert [entry.job for entry in audit.query(Filter(cluster="test"))] == [admission.job_id]


def test_exclusive_jobs_of_a_cluster_run_in_the_order_of_requests(queue: Queue) -> None:
    """The second starts when the first has ended, then the third. Each admission names the job ahead."""
    orders = [order() for _ in range(3)]
    ahead = [queue.admit(what, asked(what)).ahead for what in orders]
    assert ahead == ["", orders[0].id, orders[1].id]
    for what in orders:
        lease = taken(queue)
        assert lease.job.id == what.id
        assert queue.take("two", "exclusive", block_ms=0) is None
        queue.finish(lease, "succeeded", "")


def test_clusters_do_not_wait_for_each_other(queue: Queue) -> None:
    """Exclusive jobs of two clusters run at the same time."""
    first, second = admitted(queue, cluster="prod"), admitted(queue, cluster="test")
    assert {taken(queue).job.id, taken(queue).job.id} == {first, second}


def test_concurrent_jobs_do_not_wait_for_exclusive_jobs(queue: Queue) -> None:
    """A question can be taken while a change of its cluster runs and another waits."""
    admitted(queue)
    admitted(queue)
    taken(queue)
    question = admitted(queue, lane="concurrent")
    assert taken(queue, lane="concurrent").job.id == question


def test_a_late_write_is_not_done(queue: Queue, audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that Redis carries out after the requester was told that nothing was done changes nothing."""
    monkeypatch.setattr("bot.queue.queue.ADMIT_TIMEOUT_MS", -1)
    what = order()
    with pytest.raises(Unavailable) as told:
        queue.admit(what, asked(what))
    assert told.value.true_now == "Nothing was done."
    assert queue.get(what.id) is None
    assert queue.take("one", "exclusive", block_ms=0) is None
    assert audit.query() == []


def test_what_looks_like_a_secret_is_not_stored(client: Redis, queue: Queue) -> None:
    """A join token in the words, a field or an outcome is masked before it reaches Redis."""
    token = "SWMTKN-1-2k3j4h-99xyz"  # noqa: S105 - made up
    what = order(words=f"join worker host-3 --token {token}")
    queue.admit(what, asked(what))
    lease = taken(queue)
    queue.record(lease, {"progress": f'{{"said": "{token}"}}'})
    queue.finish(lease, "failed", f'{{"error": "{token}"}}')
    kept = str(client.hgetall(keys.job(what.id))) + str(client.xrange(keys.AUDIT_LOG))
    assert "SWMTKN" not in kept
    assert "***" in kept


def test_what_is_kept_expires(client: Redis, queue: Queue) -> None:
    """Every key except the audit log and counts expires once the jobs have ended."""
    what = order()
    queue.admit(what, asked(what))
    assert client.ttl(keys.job(what.id)) == -1
    queue.finish(taken(queue), "succeeded", "")
    assert 0 < client.ttl(keys.job(what.id)) <= keys.JOB_TTL_S
    lasting = {key for key in client.scan_iter() if client.ttl(key) == -1}
    streams = {keys.stream("exclusive"), keys.stream("concurrent")}
    assert lasting == {keys.AUDIT_LOG, keys.AUDIT_HEAD, keys.JOB_DURATIONS, *streams}


def test_an_order_is_read_back_as_it_was_stored(queue: Queue) -> None:
    """Including accents and emoji."""
    what = order(words="status “prod” — déjà vu 🐳")
    queue.admit(what, asked(what))
    job = queue.get(what.id)
    assert job is not None
    assert job.order == what
    assert isinstance(job.order, Order)


def test_recent_jobs_newest_first(queue: Queue) -> None:
    """Recent jobs are the newest, of one cluster or of all."""
    orders = [replace(order(cluster=name), asked_at=1e9 * 2 + n) for n, name in enumerate(["a", "b", "a"])]
    for what in orders:
        queue.admit(what, asked(what))
    assert [job.id for job in queue.recent(None, 2)] == [orders[2].id, orders[1].id]
    assert [job.id for job in queue.recent("a", 9)] == [orders[2].id, orders[0].id]


def test_a_job_of_an_older_format_blocks_nothing(client: Redis, queue: Queue) -> None:
    """What an older version stored is not read: its job does not start, hold the slot or break a list."""
    old = {key: key.replace(f":v{keys.JOB_FORMAT}:", ":") for key in (keys.slot("prod"), keys.RECENT, keys.job("k7f3"))}
    client.set(old[keys.slot("prod")], "k7f3")
    client.zadd(old[keys.RECENT], {"k7f3": 2e9})
    client.hset(old[keys.job("k7f3")], mapping={"order": '{"id": "k7f3", "kind": "change"}', "state": "queued"})
    job_id = admitted(queue)
    assert taken(queue).job.id == job_id
    assert [job.id for job in queue.recent(None, 9)] == [job_id]
    assert queue.get("k7f3") is None
