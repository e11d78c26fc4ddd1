"""The expected outcomes of requests, computed only from the rules of approvals and without the code under test.

They follow from the requester, the members of the group at the vote, and the state of the cluster at the request.
Processes see one Redis through clients of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from bot.audit import Audit, Entry, Filter
from bot.errors import Refused
from bot.queue.lease import LeaseLost
from tests.kits.approvals.process import Process, config_of, order_of
from tests.kits.approvals.world import Cluster, Crash, People

GROUP: Final = "S0ADMINS"
ALWAYS: Final = "U0DAN"
"""The person named by the rule; the others decide while they are in the group, and may always request."""


@dataclass
class Question:
    """What is known of one request without reading what the bot has written."""

    requester: str
    node: str
    state: tuple[object, ...] = ()
    needed: int = 0
    status: str = ""
    late: bool = False
    approvers: set[str] = field(default_factory=set)
    counted: frozenset[str] = frozenset()
    begun: bool = False
    executed: bool = False


class ExpectedOutcomes:
    """Carries out what people and workers do, and asserts the expected result.

    Leases have no length: whenever a worker reads the queue, a worker that holds a job counts as gone, but continues.
    """

    def __init__(self, url: str, count: int, inside: set[str]) -> None:
        self.count = count
        self.cluster = Cluster()
        self.cluster.called, self.cluster.promoted = self._called, self._promoted
        self.people = People()
        self.people.inside = set(inside)
        config = config_of(count, (GROUP, ALWAYS))
        self.processes = [Process(url, config, self.people, self.cluster, name) for name in ("one", "two")]
        self.redis = self.processes[0].redis
        self.redis.flushall()
        self.processes[0].queue.registry.join()
        self.questions: dict[str, Question] = {}
        self.running = ""
        self.frozen = False
        self.refused: Counter[tuple[str, str]] = Counter()

    def ask(self, process: int, who: str, node: str) -> None:
        """Request the promotion of a node."""
        order = order_of(f"job-{len(self.questions)}", who, node)
        entry = Entry("asked", who, "prod", "C0PROD", "promote", order.words, order.id)
        self.questions[self.processes[process].queue.admit(order, [entry]).job_id] = Question(who, node)

    def work(self, process: int, reads_left: int, *, crash: bool) -> None:
        """A worker takes the jobs. After ``reads_left`` reads it dies, or stalls while another takes over its job."""

        def on_crash() -> None:
            if crash:
                raise Crash
            self._handle(self.processes[1 - process], take=False)

        self.cluster.reads_left, self.cluster.on_crash = reads_left, on_crash
        self._handle(self.processes[process], take=True)

    def asked(self) -> list[str]:
        """Return the jobs that wait, the newest first; if none waits, those that have ended."""
        asked = [job for job, question in self.questions.items() if question.status][::-1]
        return [job for job in asked if self.questions[job].status == "asked"] or asked

    def open(self, job: str) -> bool:
        """Whether votes count."""
        question = self.questions[job]
        return question.status == "asked" and not question.late

    def unended(self, node: str) -> bool:
        """Whether a job is in the middle of promoting ``node``."""
        begun = (job for job, question in self.questions.items() if question.begun and question.node == node)
        return any((found := self.processes[0].queue.get(job)) and not found.ended for job in begun)

    def _right(self) -> frozenset[str]:
        return frozenset({ALWAYS, *self.people.inside})

    def _try(self, job: str, who: str, act: Callable[[], str]) -> str:
        try:
            return act()
        except Refused:
            self.refused[job, who] += 1
            return ""

    def approve(self, process: int, job: str, who: str) -> None:
        """Somebody presses Approve."""
        told = self._try(job, who, lambda: self.processes[process].voting.approve(job, who, ""))
        question = self.questions[job]
        counts = self.open(job) and who in self._right() - {question.requester} - question.approvers
        again = question.status == "approved" and who in question.counted
        assert bool(told) == (counts or again), told
        if not counts:
            return
        question.approvers.add(who)
        if len(valid := question.approvers & self._right()) >= question.needed:
            question.status, question.counted = "approved", frozenset(valid)
        assert ("runs" in told) == (question.status == "approved")

    def deny(self, process: int, job: str, who: str) -> None:
        """Somebody denies."""
        told = self._try(job, who, lambda: self.processes[process].voting.deny(job, who, "no"))
        may = self.open(job) and who in self._right() - {self.questions[job].requester}
        assert bool(told) == may, told
        if may:
            self.questions[job].status = "denied"

    def withdraw(self, process: int, job: str, who: str) -> None:
        """Somebody presses Withdraw."""
        told = self._try(job, who, lambda: self.processes[process].voting.withdraw(job, who))
        assert bool(told) == (self.open(job) and who == self.questions[job].requester), told
        if told:
            self.questions[job].status = "withdrawn"

    def turn_up(self, _process: int, _job: str, who: str) -> None:
        """Add a person to the group, or remove them."""
        self.people.inside ^= {who}

    def freeze_or_thaw(self, process: int) -> None:
        """From now on each change needs one more approval, or no longer."""
        self.frozen = not self.frozen
        self.processes[process].freeze(frozen=self.frozen)

    def _handle(self, worker: Process, *, take: bool) -> None:
        lease = worker.queue.reclaim(worker.name, "exclusive").lease
        lease = lease or (worker.queue.take(worker.name, "exclusive", block_ms=0) if take else None)
        if lease is None:
            return
        job, before = lease.job.id, self.running
        now = self.cluster.state(self.questions[job].node)
        self.running = job
        try:
            with suppress(Crash, LeaseLost):
                worker.runner.handle(lease)
        finally:
            self.running, self.cluster.reads_left = before, 0
        self._noted(worker, job, now)

    def _noted(self, worker: Process, job: str, now: tuple[object, ...]) -> None:
        question, found = self.questions[job], worker.approvals.get(job)
        if found is not None and not question.status:
            question.status, question.state = "asked", now
            question.needed = self.count + self.frozen
            assert found.request.needed == question.needed
            assert len(self._right() - {question.requester}) >= question.needed
        if found is not None and found.state == "void":
            enough = len(question.counted) >= self.count + self.frozen
            assert not question.begun
            assert now != question.state or not enough
            question.status = "void"

    def _called(self) -> None:
        """The first step begins; what has begun continues in any case, because a call may have been sent."""
        question = self.questions[self.running]
        if not question.begun:
            assert question.status == "approved"
            assert question.requester not in question.counted
            assert len(question.counted) >= max(question.needed, self.count + self.frozen)
            assert self.cluster.state(question.node) == question.state
        question.begun = True

    def _promoted(self, node: str) -> None:
        question = self.questions[self.running]
        assert (node, question.begun, question.executed) == (question.node, True, False)
        question.executed = True

    def check_log(self) -> None:
        """The chain holds; each refused vote is in it, each decision once."""
        audit = Audit(self.redis)
        assert audit.verify().ok
        entries = audit.query(Filter(), count=10_000)
        refused = Counter((entry.job, entry.by) for entry in entries if entry.action == "vote refused")
        assert refused == self.refused
        said = Counter((entry.action, entry.job) for entry in entries)
        for job, question in self.questions.items():
            assert said["approved", job] == (question.status in {"approved", "void"})
            assert said["approved by one", job] == len(question.approvers)
            for how in ("denied", "withdrawn", "expired", "void"):
                assert said[how, job] == (question.status == how)
