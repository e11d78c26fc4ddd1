"""The queue's invariants hold for any actions of workers and people in any order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit, Entry, Filter
from bot.queue.lease import CancelRequested, Lease, LeaseLost
from bot.queue.queue import Queue
from bot.secrets.secret import Secret
from bot.store import keys
from bot.store.client import connect
from bot.store.keys import Lane
from tests.kits.examples import examples
from tests.kits.jobs import asked, order, request_for

CLUSTERS = ("prod", "test")
LANES = st.sampled_from(keys.LANES)
WORKERS = st.sampled_from(["one", "two", "three"])
STEPS = 40
EXAMPLES = examples(70)


class Jobs(RuleBasedStateMachine):
    """Admissions, takes, ends, requests for approval, decisions, cancels and crashes in any order.

    A lease of no length counts as run out whenever a worker looks, so ``reclaim`` stands for every crash, stall and
    cut: the old holder is still there, and tries to write.
    """

    url = ""

    def __init__(self) -> None:
        super().__init__()
        self.client = connect(Secret(self.url))
        self.client.flushall()
        self.audit = Audit(self.client)
        self.queue = Queue(self.client, self.audit, lease_s=0)
        self.approvals = ApprovalRepository(self.client, self.audit)
        self.queue.registry.join()
        self.leases: list[Lease] = []
        self.admitted: list[str] = []
        self.line: dict[str, list[str]] = defaultdict(list)
        """The changes of each cluster that run or wait for their turn; nothing that waits for approval."""
        self.parked: list[str] = []

    @rule(lane=LANES, cluster=st.sampled_from(CLUSTERS))
    def admit(self, lane: Lane, cluster: str) -> None:
        """Somebody asks."""
        what = order(lane=lane, cluster=cluster)
        job_id = self.queue.admit(what, asked(what)).job_id
        self.admitted.append(job_id)
        if lane == "exclusive":
            self.line[cluster].append(job_id)

    @rule(worker=WORKERS, lane=LANES)
    def take(self, worker: str, lane: Lane) -> None:
        """A worker takes a job; an exclusive job must be its cluster's first."""
        lease = self.queue.take(worker, lane, block_ms=0)
        if lease is None:
            return
        self.leases.append(lease)
        if lane == "exclusive":
            assert lease.job.id == self.line[lease.job.order.cluster][0]

    @rule(worker=WORKERS, lane=LANES)
    def reclaim(self, worker: str, lane: Lane) -> None:
        """A worker reclaims a job from one that seems gone."""
        lease, failed = self.queue.reclaim(worker, lane)
        for job in failed:
            self._left(job.id)
        if lease:
            self.leases.append(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """A worker ends a job that it holds, or held."""
        lease = data.draw(st.sampled_from(self.leases))
        with self._refused_unless_held(lease):
            self.queue.finish(lease, "succeeded", "", [Entry("ended", lease.worker, job=lease.job.id)])
            self._left(lease.job.id)
            self.leases.remove(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def record(self, data: st.DataObject) -> None:
        """A worker writes what it has done."""
        lease = data.draw(st.sampled_from(self.leases))
        with self._refused_unless_held(lease):
            self.queue.record(lease, {"progress": "{}"}, [Entry("step", lease.worker, job=lease.job.id)])

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        """A worker sends a heartbeat."""
        lease = data.draw(st.sampled_from(self.leases))
        with self._refused_unless_held(lease):
            self.queue.renew(lease)

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def request_approval(self, data: st.DataObject) -> None:
        """A worker that has planned a job parks it: the job leaves the line until it is approved."""
        lease = data.draw(st.sampled_from(self.leases))
        order = lease.job.order
        job = self.queue.get(order.id)
        cancelled = job is not None and job.cancel_by and job.fence == lease.fence and job.state == "running"
        try:
            request = request_for(order.id, cluster=order.cluster)
            self.approvals.open(lease, request, "{}", [Entry("approval asked", lease.worker, job=order.id)])
        except LeaseLost:
            assert job is None or (job.state, job.fence) != ("running", lease.fence)
        except CancelRequested:
            assert cancelled
            return  # it still holds the job
        else:
            assert not cancelled
            self._left(order.id)
            if order.id not in self.parked:
                self.parked.append(order.id)
        self.leases.remove(lease)

    @precondition(lambda self: self.parked)
    @rule(data=st.data(), approves=st.booleans())
    def decide(self, data: st.DataObject, approves: bool) -> None:  # noqa: FBT001
        """Somebody approves a job, which then stands at the end of its cluster's line, or denies it."""
        job_id = data.draw(st.sampled_from(self.parked))
        job, approval = self.queue.get(job_id), self.approvals.get(job_id)
        assert job is not None
        assert approval is not None
        if approves:
            word = self.approvals.vote(job, approval, "U0BOSS", [], [Entry("approved", "U0BOSS", job=job_id)])
            assert word == "approved"
            self.line[job.order.cluster].append(job_id)
        else:
            assert self.approvals.end(job_id, "denied", "U0BOSS", "no", [Entry("denied", "U0BOSS", job=job_id)]) == "ok"
        self.parked.remove(job_id)

    @precondition(lambda self: self.admitted)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Somebody cancels any job."""
        job_id = data.draw(st.sampled_from(self.admitted))
        before = self.queue.get(job_id)
        assert before is not None
        word = self.queue.cancel(job_id, "U0BOSS", [Entry("cancelled", "U0BOSS", job=job_id)])
        waits = {"queued": "cancelled", "awaiting_approval": "cancelled", "running": "stopping"}
        assert word == waits.get(before.state, "ended")
        if word == "cancelled":
            self._left(job_id)

    @invariant()
    def one_change_of_a_cluster_runs(self) -> None:
        """Never two, and the running one has the slot."""
        for cluster, line in self.line.items():
            jobs = [job for job in map(self.queue.get, line) if job]
            assert all(not job.ended for job in jobs)
            assert [job.id for job in jobs if job.state == "running"] in ([], line[:1])
            assert self.client.get(keys.slot(cluster)) == (line[0] if line else None)
            assert self.client.lrange(keys.waiting(cluster), 0, -1) == line[1:]

    @invariant()
    def the_audit_log_holds(self) -> None:
        """The chain is intact and has each admission."""
        verdict = self.audit.verify()
        assert verdict.ok, verdict
        assert len(self.audit.query(Filter(command="join"), count=10_000)) >= len(self.admitted)

    def teardown(self) -> None:
        """Every admitted job ends once workers take jobs and people have decided."""
        for job_id in [*self.parked]:
            self.approvals.end(job_id, "withdrawn", "U0ASKER", "", [])
        for lane in keys.LANES:
            misses = 0
            while misses <= len(self.admitted):
                lease = self.queue.reclaim("last", lane).lease or self.queue.take("last", lane, block_ms=0)
                misses = 0 if lease else misses + 1
                if lease:
                    self.queue.finish(lease, "succeeded", "")
        assert all(job and job.ended for job in map(self.queue.get, self.admitted))
        assert not any(self.client.exists(keys.slot(cluster), keys.waiting(cluster)) for cluster in CLUSTERS)
        assert [self.client.xlen(keys.stream(lane)) for lane in keys.LANES] == [0, 0]
        self.client.close()

    @contextmanager
    def _refused_unless_held(self, lease: Lease) -> Iterator[None]:
        job = self.queue.get(lease.job.id)
        assert job is not None
        if job.state == "running" and job.fence == lease.fence:
            yield
            return
        with pytest.raises(LeaseLost):
            yield
        assert self.queue.get(lease.job.id) == job
        self.leases.remove(lease)

    def _left(self, job_id: str) -> None:
        """Note that a job holds up no other: it ended, or waits for approval."""
        if job_id in self.parked:
            self.parked.remove(job_id)
        for line in self.line.values():
            if job_id in line:
                line.remove(job_id)


def test_the_invariants_hold(redis_url: str) -> None:
    """One change per cluster runs, in order; stale workers write nothing; every job ends; the audit log is intact."""
    Jobs.url = redis_url
    run_state_machine_as_test(
        Jobs,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
