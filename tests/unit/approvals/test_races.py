"""Orders of events that random sequences rarely produce."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from bot.audit import Audit, Entry, Filter
from bot.audit.log import Transition
from bot.blocks import Message
from bot.config import ApprovalRule
from bot.errors import Refused, Unavailable
from bot.queue.job import Order
from bot.queue.lease import LeaseLost
from bot.slack.outbound.notifier import Undelivered
from bot.store import keys
from bot.usergroups import MembershipUnknown
from tests.kits.approvals.expected import ExpectedOutcomes
from tests.kits.approvals.process import Process, config_of, order_of


def approved(redis_url: str) -> ExpectedOutcomes:
    """Ada's approved request for node-1, which no worker has started."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    outcomes.ask(0, "U0ADA", "node-1")
    outcomes.work(0, 0, crash=False)
    outcomes.approve(0, "job-0", "U0BEN")
    return outcomes


def question_of(job: str, who: str) -> Order:
    """Return the question for the manager token, which needs approval."""
    change = order_of(job, who, "node-1")
    return replace(change, lane="concurrent", command="token", words="token manager", args={"role": "manager"})


def test_no_approval_revives_a_cancelled_job(redis_url: str) -> None:
    """The approval seems open, because the cancellation looked before it existed; its job has ended nevertheless."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    outcomes.ask(0, "U0ADA", "node-1")
    assert not outcomes.processes[0].voting.cancel("job-0", "U0ADA")
    outcomes.work(0, 0, crash=False)
    assert outcomes.processes[0].queue.cancel("job-0", "U0ADA", [Entry("cancelled", "U0ADA")]) == "cancelled"
    with pytest.raises(Refused, match="ended in the meantime"):
        outcomes.processes[1].voting.approve("job-0", "U0BEN", "")
    outcomes.work(1, 0, crash=False)
    assert outcomes.cluster.records["node-1"].role == "worker"


def test_a_second_press_is_no_refusal(redis_url: str) -> None:
    """A person who has approved it denies it: the job may have begun meanwhile."""
    outcomes = approved(redis_url)
    voting = outcomes.processes[1].voting
    assert voting.approve("job-0", "U0BEN", "") == "You have approved `job-0` already."
    with pytest.raises(Refused, match="already approved"):
        voting.approve("job-0", "U0EVE", "")


def test_a_second_press_while_the_last_approval_arrives_is_no_refusal(redis_url: str) -> None:
    """The first approval counts; while Slack is asked about the second press, somebody else approves."""
    outcomes = ExpectedOutcomes(redis_url, 2, {"U0ADA", "U0BEN", "U0EVE"})
    outcomes.ask(0, "U0ADA", "node-1")
    outcomes.work(0, 0, crash=False)
    outcomes.approve(0, "job-0", "U0BEN")
    outcomes.people.meanwhile = lambda: outcomes.approve(1, "job-0", "U0EVE")
    assert outcomes.processes[0].voting.approve("job-0", "U0BEN", "") == "You have approved `job-0` already."
    outcomes.check_log()


def test_vote_without_an_answer_from_slack_is_audited(redis_url: str) -> None:
    """The vote does not count and can be repeated, and the audit log has an entry."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    outcomes.ask(0, "U0ADA", "node-1")
    outcomes.work(0, 0, crash=False)

    def silent() -> None:
        raise MembershipUnknown("Slack does not say who is in it.")

    outcomes.people.meanwhile = silent
    process = outcomes.processes[0]
    with pytest.raises(MembershipUnknown, match="Slack does not say"):
        process.voting.approve("job-0", "U0BEN", "")
    refused = [entry for entry in process.audit.query(Filter(job="job-0"), count=9) if entry.action == "vote refused"]
    assert [(entry.by, entry.detail) for entry in refused] == [("U0BEN", "Slack does not say who is in it.")]
    assert "then it runs" in process.voting.approve("job-0", "U0BEN", "")


def test_freeze_between_approval_and_start(redis_url: str) -> None:
    """A change with enough approvals needs one more now: it is void."""
    outcomes = approved(redis_url)
    outcomes.freeze_or_thaw(1)
    outcomes.work(0, 0, crash=False)
    assert outcomes.questions["job-0"].status == "void"
    assert outcomes.cluster.records["node-1"].role == "worker"


def test_plan_is_checked_again_until_its_first_call(redis_url: str) -> None:
    """A worker dies before the first call; a change before another worker takes over voids the approval."""
    outcomes = approved(redis_url)
    outcomes.work(0, 2, crash=True)
    outcomes.cluster.records["node-1"].availability = "drain"
    outcomes.work(1, 0, crash=False)
    assert outcomes.questions["job-0"].status == "void"
    assert outcomes.cluster.records["node-1"].role == "worker"
    outcomes.check_log()


@pytest.mark.parametrize("outage", range(8))
def test_short_redis_outage_fails_nothing(redis_url: str, monkeypatch: pytest.MonkeyPatch, outage: int) -> None:
    """At any point of an approved change: the approval stays valid, and the next worker runs it."""
    outcomes = approved(redis_url)
    process = outcomes.processes[0]
    written = iter(range(1, 100))

    def freeze(cluster: str, now: float) -> None:
        del cluster, now
        if outage == 0:
            raise Unavailable("Redis cannot be reached.")

    def commit(entries: Sequence[Entry], transition: Transition) -> list[Any]:
        if next(written) == outage:
            raise Unavailable("Redis cannot be reached.")
        return Audit.commit(process.audit, entries, transition)

    monkeypatch.setattr(process.freezes, "active", freeze)
    monkeypatch.setattr(process.audit, "commit", commit)
    with suppress(Unavailable):
        outcomes.work(0, 0, crash=False)
    outcomes.work(1, 0, crash=False)
    job, approval = process.queue.get("job-0"), process.approvals.get("job-0")
    assert job is not None
    assert approval is not None
    assert (job.state, approval.state) == ("succeeded", "approved")
    assert outcomes.cluster.records["node-1"].role == "manager"
    assert not [entry for entry in process.audit.query(count=99) if "failed" in entry.detail]
    assert process.slack.told == []


@pytest.mark.parametrize(("node", "state"), [("node-1", "succeeded"), ("node-9", "refused")])
def test_job_ends_even_if_slack_refuses_messages(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, node: str, state: str
) -> None:
    """A change that is not needed and a refused one: the outcome is stored, and the message waits for Slack."""
    outcomes = ExpectedOutcomes(redis_url, 0, {"U0ADA"})
    process = outcomes.processes[0]

    def respond(*_: object, **__: object) -> None:
        raise Undelivered("no answer", "its requester")

    monkeypatch.setattr(process.slack, "answer", respond)
    outcomes.cluster.set_role("node-1", "manager")
    process.queue.admit(order_of("job-0", "U0ADA", node), [Entry("asked", "U0ADA")])
    lease = process.queue.take("one", "exclusive", block_ms=0)
    assert lease is not None
    process.runner.handle(lease)
    job = process.queue.get("job-0")
    assert job is not None
    assert job.state == state
    assert "Slack" not in job.outcome
    assert process.outbox.backlog().count == 1


@pytest.mark.parametrize("count", [0, 1])
def test_job_cancelled_while_it_is_planned(redis_url: str, count: int) -> None:
    """It starts nothing and requests no approval: it ends as cancelled, and the requester gets a message."""
    outcomes = ExpectedOutcomes(redis_url, count, {"U0ADA", "U0BEN"})
    outcomes.ask(0, "U0ADA", "node-1")
    process = outcomes.processes[0]
    lease = process.queue.take("one", "exclusive", block_ms=0)
    assert lease is not None
    assert process.queue.cancel("job-0", "U0BEN", [Entry("cancelled", "U0BEN")]) == "stopping"
    process.runner.handle(lease)
    job = process.queue.get("job-0")
    assert job is not None
    assert job.state == "cancelled"
    assert process.approvals.get("job-0") is None
    assert outcomes.cluster.records["node-1"].role == "worker"
    assert [" · by <@U0BEN>. Nothing was changed" in message.text for message in process.slack.told] == [True]


def test_card_that_cannot_be_shown_does_not_block_others(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that cannot be read, and a channel that refuses a card: both requesters get their results."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    process = outcomes.processes[0]
    for node in ("node-1", "node-2"):
        outcomes.ask(0, "U0ADA", node)
        outcomes.work(0, 0, crash=False)
    outcomes.redis.hset(keys.job("job-1"), "plan", '{"of": "another version"}')
    outcomes.deny(0, "job-0", "U0BEN")
    shown: list[str] = []

    def post(_channel: str, message: Message, **_: object) -> str:
        if "node-1" in message.text:
            raise Undelivered("not_in_channel", "channel `C0PROD`")
        shown.append(str(message.blocks))
        return "1"

    monkeypatch.setattr(process.slack, "post", post)
    process.card_publisher.publish_due()
    assert process.approvals.unshown() == []
    process.deliver()
    told = sorted(message.text for message in process.slack.told)
    assert ["Only you see this" in text for text in told] == [True, False]
    assert all("Denied" in text for text in told)
    assert ["Another version of Swarmbot made this plan" in card for card in shown] == [True]
    assert process.outbox.backlog().count == 1


def test_an_approved_job_is_cancelled_before_it_starts(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its card says so, and its requester is told by whom."""
    outcomes = approved(redis_url)
    process = outcomes.processes[0]
    process.card_publisher.publish_due()
    assert process.queue.cancel("job-0", "U0CLEO", [Entry("cancelled", "U0CLEO", job="job-0")]) == "cancelled"
    assert not process.voting.cancel("job-0", "U0CLEO")
    shown: list[str] = []

    def update(_channel: str, ts: str, message: Message, **_: object) -> str:
        shown.append(message.text)
        return ts

    monkeypatch.setattr(process.slack, "update", update)
    process.card_publisher.publish_due()
    assert ["✗ *Cancelled* by <@U0CLEO> before it started. Nothing was changed." in text for text in shown] == [True]
    process.deliver()
    assert "*cancelled* by <@U0CLEO>" in process.slack.told[-1].text


def test_the_channel_of_a_card_is_archived(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The requester gets the request without its buttons, with how others can approve it."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    process = outcomes.processes[0]

    def post(_channel: str, _message: Message, **_: object) -> str:
        raise Undelivered("is_archived", "channel `C0PROD`")

    monkeypatch.setattr(process.slack, "post", post)
    outcomes.ask(0, "U0ADA", "node-1")
    outcomes.work(0, 0, crash=False)
    process.card_publisher.publish_due()
    process.deliver()
    [told] = process.slack.told
    lead = str(told.blocks[0])
    assert "*Swarmbot cannot post in* <#C0PROD> (`is_archived`). Unarchive the channel" in lead
    assert "Approvers can decide with `/swarm approvals job-0 --cluster prod`." in lead
    assert "actions" not in {block["type"] for block in told.blocks}


def test_approval_belongs_to_one_job(redis_url: str) -> None:
    """While its job exists, no other job gets the id; a new request starts without approvals."""
    outcomes = approved(redis_url)
    outcomes.work(0, 0, crash=False)
    assert 0 < outcomes.redis.ttl(keys.approval("job-0")) <= keys.JOB_TTL_S
    outcomes.redis.delete(keys.job("job-0"))
    order = replace(order_of("job-0", "U0BEN", "node-2"), request_key="a month later")
    assert outcomes.processes[0].queue.admit(order, [Entry("asked", "U0BEN")]).job_id != "job-0"


@pytest.mark.parametrize("changed", ["the rule", "the request"])
def test_insufficient_approval_shows_no_secret(redis_url: str, changed: str) -> None:
    """The rule needs two approvals now, or another request was approved: the approval is void."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    process = outcomes.processes[0]
    order = question_of("job-0", "U0ADA")
    process.queue.admit(order, [Entry("asked", "U0ADA", job="job-0")])
    lease = process.queue.take("one", "concurrent", block_ms=0)
    assert lease
    process.runner.handle(lease)
    assert "then it runs" in process.voting.approve("job-0", "U0BEN", "")
    if changed == "the rule":
        config = config_of(1, ("U0ADA", "U0BEN"))
        config.rules.approvals["token manager"] = ApprovalRule(count=2)
        process = Process(redis_url, config, outcomes.people, outcomes.cluster, "one")
    else:
        other = replace(order, lane="exclusive", requester="U0BEN")
        outcomes.redis.hset(keys.job("job-0"), "order", other.stored())
    lease = process.queue.take("one", "exclusive", block_ms=0)
    assert lease
    process.runner.handle(lease)
    approval = process.approvals.get("job-0")
    assert approval is not None
    assert approval.state == "void"
    assert process.slack.told == []


def test_worker_without_its_lease_shows_no_secret(redis_url: str) -> None:
    """It stalled before it requested approval, and continues after another worker did: the request is open."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    one, two = outcomes.processes
    order = question_of("job-0", "U0ADA")
    one.queue.admit(order, [Entry("asked", "U0ADA", job="job-0")])
    stalled = one.queue.take("one", "concurrent", block_ms=0)
    assert stalled
    lease = two.queue.reclaim("two", "concurrent").lease
    assert lease
    two.runner.handle(lease)
    assert two.approvals.waiting()
    with pytest.raises(LeaseLost):
        one.runner.handle(stalled)
    assert one.slack.told == []
