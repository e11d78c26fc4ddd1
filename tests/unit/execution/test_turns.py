"""Changes of one cluster are planned one after the other, in the order in which they were typed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.audit import Entry
from bot.model import Facts, FactsQuery
from bot.queue.lease import Lease
from tests.kits.approvals.expected import ExpectedOutcomes
from tests.kits.approvals.process import Process, order_of


def taken(process: Process) -> Lease | None:
    """Return the next change, if it is its turn."""
    return process.queue.take(process.name, "exclusive", block_ms=0)


def test_a_change_that_needs_approval_is_planned_after_those_before_it(redis_url: str) -> None:
    """While another change runs it is not planned; then it is, by the state which that change has left."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    one, two = outcomes.processes
    outcomes.ask(0, "U0ADA", "node-1")
    running = taken(one)
    assert running
    outcomes.ask(1, "U0ADA", "node-2")
    assert taken(two) is None
    assert two.approvals.get("job-1") is None
    outcomes.cluster.records["node-2"].availability = "drain"
    one.queue.finish(running, "succeeded", "")
    outcomes.work(1, 0, crash=False)
    approval = two.approvals.get("job-1")
    assert approval is not None
    assert "drain" in approval.request.basis


def test_what_waits_for_approval_holds_up_nobody(redis_url: str) -> None:
    """The next change is planned at once. Approved, the first stands behind those that were typed meanwhile."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    process = outcomes.processes[0]
    for node in ("node-1", "node-2", "node-3"):
        outcomes.ask(0, "U0ADA", node)
    outcomes.work(0, 0, crash=False)
    outcomes.work(0, 0, crash=False)
    assert {approval.id for approval in process.approvals.waiting("prod")} == {"job-0", "job-1"}
    assert "It runs after job `job-2`." in process.voting.approve("job-0", "U0BEN", "")
    assert [job.id for job in process.queue.in_line("prod")] == ["job-2", "job-0"]


def test_a_plan_that_is_only_shown_does_not_wait(redis_url: str) -> None:
    """It names the changes after which the order itself would be planned."""
    outcomes = ExpectedOutcomes(redis_url, 0, {"U0ADA"})
    process = outcomes.processes[0]
    shown = replace(
        order_of("plan", "U0ADA", "node-1"), lane="concurrent", only_plan=True, words="promote node-1 --plan"
    )
    for number, before in enumerate(("", "job `job-0` (`/swarm promote node-2`)")):
        order = replace(shown, id=f"plan-{number}", request_key=f"plan-{number}")
        process.queue.admit(order, [Entry("asked", "U0ADA")])
        lease = process.queue.take("one", "concurrent", block_ms=0)
        assert lease
        process.runner.handle(lease)
        text = str(process.slack.told[-1].blocks)
        assert "Plan only: promote `node-1`" in text
        assert "Next: `/swarm promote node-1` without `--plan`" in text
        assert ("This is the plan for prod as it is now" in text) == bool(before)
        assert before in text
        outcomes.ask(0, "U0ADA", "node-2")
        taken(process)


def test_a_plan_that_changes_nothing_is_recorded_as_it_was_told(redis_url: str) -> None:
    """The list of jobs says what the requester read."""
    outcomes = ExpectedOutcomes(redis_url, 0, {"U0ADA"})
    process = outcomes.processes[0]
    order = order_of("plan", "U0ADA", "manager-1")
    order = replace(order, lane="concurrent", only_plan=True, words="promote manager-1 --plan")
    process.queue.admit(order, [Entry("asked", "U0ADA")])
    lease = process.queue.take("one", "concurrent", block_ms=0)
    assert lease
    process.runner.handle(lease)
    assert "*No change needed*: `manager-1`" in str(process.slack.told[-1].blocks)
    job = process.queue.get("plan")
    assert job is not None
    assert json.loads(job.outcome)["told"].startswith("✓ *No change needed*: `manager-1` is a manager of prod")


def test_a_change_without_approval_is_planned_once(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lone order is planned and begun in one turn: two reads before its first call, for the plan and for the step."""
    outcomes = ExpectedOutcomes(redis_url, 0, {"U0ADA"})
    process, cluster = outcomes.processes[0], outcomes.cluster
    calls: list[str] = []
    read = cluster.read

    def counted(name: str, engines: object, query: FactsQuery) -> Facts:
        calls.append("read")
        return read(name, engines, query)

    monkeypatch.setattr(cluster, "read", counted)
    monkeypatch.setattr(cluster, "called", lambda: calls.append("call"))
    monkeypatch.setattr(cluster, "promoted", lambda _: None)
    process.queue.admit(order_of("lone", "U0ADA", "node-1"), [Entry("asked", "U0ADA")])
    lease = taken(process)
    assert lease
    process.runner.handle(lease)
    job = process.queue.get("lone")
    assert job is not None
    assert (job.state, job.attempt) == ("succeeded", 1)
    assert calls[: calls.index("call")] == ["read", "read"]


def test_the_same_order_typed_twice_in_a_row_has_one_card(redis_url: str) -> None:
    """The second is planned when the first waits for approval: it is refused, and names the first."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    process = outcomes.processes[0]
    outcomes.ask(0, "U0ADA", "node-1")
    outcomes.ask(0, "U0ADA", "node-1")
    outcomes.work(0, 0, crash=False)
    outcomes.work(0, 0, crash=False)
    assert [approval.id for approval in process.approvals.waiting()] == ["job-0"]
    second = process.queue.get("job-1")
    assert second is not None
    assert second.state == "refused"
    assert "this is already waiting as `job-0`" in process.slack.told[-1].text


def test_the_same_nodes_in_another_order_have_one_card(redis_url: str) -> None:
    """Both were typed before the first was planned."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    process = outcomes.processes[0]
    for job, nodes in (("one", ["node-1", "node-2"]), ("two", ["node-2", "node-1"])):
        words = f"promote {' '.join(nodes)}"
        order = replace(order_of(job, "U0ADA", "node-1"), words=words, args={"nodes": nodes})
        process.queue.admit(order, [Entry("asked", "U0ADA")])
        lease = taken(process)
        assert lease
        process.runner.handle(lease)
    assert [approval.id for approval in process.approvals.waiting()] == ["one"]
    assert "this is already waiting as `one`" in process.slack.told[-1].text
