"""Approvals keep their invariants in random sequences of people, workers and cluster changes."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.audit import Entry
from bot.store import keys
from tests.kits.approvals.expected import ALWAYS, ExpectedOutcomes
from tests.kits.approvals.world import WORKERS
from tests.kits.examples import examples

WAITING = 2
"""Questions that wait at once: of many, none would get far."""
STEPS = 50
EXAMPLES = examples(150)

PERSON = st.sampled_from(("U0ADA", "U0BEN", "U0CLEO", ALWAYS, "U0EVE"))
PROCESS = st.integers(0, 1)
READS_LEFT = st.sampled_from((0, 2, 3, 4, 5, 1, 6))
"""After this many reads and calls a worker dies or stalls; 0: it does not."""
COUNT = st.sampled_from((2, 1, 3))
INSIDE = st.sets(PERSON, min_size=3)
NODE = st.sampled_from(WORKERS)
CHANGE = st.sampled_from(("availability", "manager", "demoted", "nothing that matters"))


class Approving(RuleBasedStateMachine):
    """Two processes; the expected outcome is in :mod:`tests.kits.approvals.expected`."""

    url = ""

    @initialize(count=COUNT, inside=INSIDE)
    def begin(self, count: int, inside: set[str]) -> None:
        """An empty Redis; ``inside`` are the members of the approvers' group."""
        self.all = ExpectedOutcomes(self.url, count, inside)

    @precondition(lambda self: sum(each.status == "asked" for each in self.all.questions.values()) < WAITING)
    @rule(who=PERSON, node=NODE, process=PROCESS, reads_left=READS_LEFT, crash=st.booleans())
    def ask(self, who: str, node: str, process: int, reads_left: int, crash: bool) -> None:  # noqa: FBT001
        """Somebody requests to promote a node, and a worker plans it."""
        self.all.ask(process, who, node)
        self.all.work(process, reads_left, crash=crash)

    @precondition(lambda self: self.all.asked())
    @rule(data=st.data(), crowd=st.lists(PERSON, min_size=2, max_size=5), process=PROCESS, other=PERSON)
    def approve(self, data: st.DataObject, crowd: list[str], process: int, other: str) -> None:
        """People press Approve one after another; somebody else does something while the first is looked up.

        Half the time a worker is at hand.
        """
        job = data.draw(st.sampled_from(self.all.asked()))
        acts = (None, self.all.approve, self.all.deny, self.all.withdraw, self.all.turn_up)
        if ahead := data.draw(st.sampled_from(acts)):
            self.all.people.meanwhile = lambda: ahead(1 - process, job, other)
        for who in crowd:
            self.all.approve(process, job, who)
        self.all.people.meanwhile = None
        if data.draw(st.booleans()):
            self.all.work(process, data.draw(READS_LEFT), crash=data.draw(st.booleans()))

    @precondition(lambda self: self.all.asked())
    @rule(data=st.data(), who=PERSON, process=PROCESS)
    def end(self, data: st.DataObject, who: str, process: int) -> None:
        """Somebody presses Deny or Withdraw."""
        job = data.draw(st.sampled_from(self.all.asked()))
        data.draw(st.sampled_from((self.all.deny, self.all.withdraw)))(process, job, who)

    @precondition(lambda self: self.all.questions)
    @rule(data=st.data(), who=PERSON, process=PROCESS)
    def cancel(self, data: st.DataObject, who: str, process: int) -> None:
        """Somebody cancels a job in any state."""
        job = data.draw(st.sampled_from(list(self.all.questions)))
        found, open_ = self.all.processes[process], self.all.open(job)
        assert found.voting.cancel(job, who) == open_
        if open_:
            self.all.questions[job].status = "withdrawn"
        else:
            found.queue.cancel(job, who, [Entry("cancelled", who, job=job)])

    @rule(who=PERSON)
    def turn_up_or_leave(self, who: str) -> None:
        """Somebody joins the group or leaves it."""
        self.all.turn_up(0, "", who)

    @rule(process=PROCESS)
    def freeze_or_thaw(self, process: int) -> None:
        """From now on each start needs one more approval, or no longer."""
        self.all.freeze_or_thaw(process)

    @precondition(lambda self: self.all.asked())
    @rule(data=st.data())
    def time_is_over(self, data: st.DataObject) -> None:
        """An approval request expires; no process has noticed yet."""
        job = data.draw(st.sampled_from(self.all.asked()))
        if self.all.redis.zadd(keys.APPROVALS_OPEN, {job: 1}, xx=True, ch=True):
            self.all.questions[job].late = True

    @rule(process=PROCESS)
    def publish_cards(self, process: int) -> None:
        """A worker publishes cards, which ends expired requests."""
        self.all.processes[process].card_publisher.publish_due()
        for question in self.all.questions.values():
            if question.status == "asked" and question.late:
                question.status = "expired"

    @rule(node=NODE, what=CHANGE)
    def the_cluster_changes(self, node: str, what: str) -> None:
        """Beside the bot: something that an approval rests on, or not.

        What a job has just done is left alone until it ends: undone, it looks like a call that never arrived, which the
        worker that takes over the job must make again.
        """
        record, manager = self.all.cluster.records[node], self.all.cluster.records["manager-2"]
        match what:
            case "availability":
                record.availability = "drain" if record.availability == "active" else "active"
            case "manager":
                manager.reachability = "unreachable" if manager.reachability == "reachable" else "reachable"
            case "demoted" if not self.all.unended(node):
                self.all.cluster.set_role(node, "worker")
            case "nothing that matters":
                record.version += 1
                self.all.cluster.tasks += 1

    @rule(process=PROCESS, reads_left=READS_LEFT, crash=st.booleans())
    def work(self, process: int, reads_left: int, crash: bool) -> None:  # noqa: FBT001
        """A worker takes what is there; somewhere in it it may die, or stall while another takes the job over."""
        self.all.work(process, reads_left, crash=crash)

    @invariant(check_during_init=False)
    def the_log_is_whole_and_complete(self) -> None:
        """See :meth:`ExpectedOutcomes.check_log`."""
        self.all.check_log()

    def teardown(self) -> None:
        """Workers finish what is left: each job ends or waits for its approvers."""
        if not hasattr(self, "all"):
            return
        for process in (0, 1) * 6 * (len(self.all.questions) + 1):
            self.all.work(process, 0, crash=False)
        self.all.check_log()
        for job, question in self.all.questions.items():
            found = self.all.processes[0].queue.get(job)
            assert found is not None
            assert found.ended or question.status == "asked"
        for each in self.all.processes:
            each.redis.close()


def test_approvals_keep_their_invariants(redis_url: str) -> None:
    """Nothing runs without its approvers, twice, for its own requester, or after it is void; everything is audited."""
    Approving.url = redis_url
    run_state_machine_as_test(
        Approving,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
