"""Orders of events that random sequences seldom meet."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.audit import Entry, Filter
from bot.errors import Refused, Unavailable
from bot.jobs.lease import LeaseLost
from bot.store import keys
from tests.unit.approvals.process import order_of
from tests.unit.approvals.reckoning import Reckoning


def test_no_yes_revives_a_cancelled_job(redis_url: str) -> None:
    """Its approval seems open, for the cancelling looked before there was one; its job has ended all the same."""
    reckoning = Reckoning(redis_url, 1, {"U0ADA", "U0BEN"})
    reckoning.ask(0, "U0ADA", "node-1")
    assert not reckoning.processes[0].desk.cancel("job-0", "U0ADA")
    reckoning.work(0, "question", 0, crash=False)
    assert reckoning.processes[0].queue.cancel("job-0", "U0ADA", [Entry("cancelled", "U0ADA")]) == "cancelled"
    with pytest.raises(Refused, match="ended meanwhile"):
        reckoning.processes[1].desk.approve("job-0", "U0BEN", "")
    reckoning.work(1, "change", 0, crash=False)
    assert reckoning.cluster.records["node-1"].role == "worker"


def test_a_vote_that_slack_s_silence_prevents_is_written_down(redis_url: str) -> None:
    """It does not count, it is no refusal for good, and the audit log has it."""
    reckoning = Reckoning(redis_url, 1, {"U0ADA", "U0BEN"})
    reckoning.ask(0, "U0ADA", "node-1")
    reckoning.work(0, "question", 0, crash=False)

    def silent() -> None:
        raise Unavailable("Slack does not say who is in it.")

    reckoning.people.meanwhile = silent
    process = reckoning.processes[0]
    with pytest.raises(Unavailable, match="Slack does not say"):
        process.desk.approve("job-0", "U0BEN", "")
    refused = [entry for entry in process.audit.query(Filter(job="job-0"), count=9) if entry.action == "vote refused"]
    assert [(entry.by, entry.detail) for entry in refused] == [("U0BEN", "Slack does not say who is in it.")]
    assert "carried out now" in process.desk.approve("job-0", "U0BEN", "")


def test_a_freeze_between_yes_and_start(redis_url: str) -> None:
    """What had yeses enough has not any more: it is void."""
    reckoning = Reckoning(redis_url, 1, {"U0ADA", "U0BEN"})
    reckoning.ask(0, "U0ADA", "node-1")
    reckoning.work(0, "question", 0, crash=False)
    reckoning.approve(0, "job-0", "U0BEN")
    reckoning.freeze_or_thaw(1)
    reckoning.work(0, "change", 0, crash=False)
    assert reckoning.questions["job-0"].standing == "void"
    assert reckoning.cluster.records["node-1"].role == "worker"


def test_a_plan_is_judged_anew_until_its_first_call(redis_url: str) -> None:
    """A worker dies when it was about to begin; what changes until another takes the job over voids the approval."""
    reckoning = Reckoning(redis_url, 1, {"U0ADA", "U0BEN"})
    reckoning.ask(0, "U0ADA", "node-1")
    reckoning.work(0, "question", 0, crash=False)
    reckoning.approve(0, "job-0", "U0BEN")
    reckoning.work(0, "change", 2, crash=True)
    reckoning.cluster.records["node-1"].availability = "drain"
    reckoning.work(1, "change", 0, crash=False)
    assert reckoning.questions["job-0"].standing == "void"
    assert reckoning.cluster.records["node-1"].role == "worker"
    reckoning.check_log()


def test_no_yes_is_taken_for_another_job_s(redis_url: str) -> None:
    """What was approved goes with its job; while it stands, no other job gets the id, and a new question is new."""
    reckoning = Reckoning(redis_url, 1, {"U0ADA", "U0BEN"})
    reckoning.ask(0, "U0ADA", "node-1")
    reckoning.work(0, "question", 0, crash=False)
    reckoning.approve(0, "job-0", "U0BEN")
    reckoning.work(0, "change", 0, crash=False)
    assert 0 < reckoning.redis.ttl(keys.approval("job-0")) <= keys.JOB_KEPT
    reckoning.redis.delete(keys.job("job-0"))
    order = replace(order_of("job-0", "U0BEN", "node-2"), request_key="a month later")
    assert reckoning.processes[0].queue.admit(order, [Entry("asked", "U0BEN")]).job_id != "job-0"


def test_a_worker_that_was_taken_over_from_shows_no_secret(redis_url: str) -> None:
    """It stalled before it asked, and wakes up when another worker has: an approval is there, but not a yes."""
    reckoning = Reckoning(redis_url, 1, {"U0ADA", "U0BEN"})
    one, two = reckoning.processes
    order = replace(
        order_of("job-0", "U0ADA", "node-1"), command="token", words="token manager", args={"role": "manager"}
    )
    one.queue.admit(order, [Entry("asked", "U0ADA", job="job-0")])
    stalled = one.queue.take("one", "question", block_ms=0)
    assert stalled
    lease = two.queue.reclaim("two", "question").lease
    assert lease
    two.runner.handle(lease)
    assert two.approvals.waiting()
    with pytest.raises(LeaseLost):
        one.runner.handle(stalled)
    assert one.slack.told == []
