"""What waits and runs in a cluster, read from the records in Redis."""

from __future__ import annotations

from bot.execution.open_changes import open_changes
from bot.model import Facts, FactsQuery, OpenChange
from tests.kits.approvals.expected import ExpectedOutcomes


def test_a_change_is_listed_from_its_request_to_its_end(redis_url: str) -> None:
    """In line; then it waits for approval, with what it names and how many approvals it has; in line again; over."""
    outcomes = ExpectedOutcomes(redis_url, 1, {"U0ADA", "U0BEN"})
    process = outcomes.processes[0]

    def facts() -> Facts:
        return outcomes.cluster.read("prod", None, FactsQuery())

    def listed() -> tuple[OpenChange, ...]:
        return open_changes(process.queue, process.approvals, "prod", facts())

    outcomes.ask(0, "U0ADA", "node-1")
    assert [(change.id, change.state) for change in listed()] == [("job-0", "queued")]
    outcomes.work(0, 0, crash=False)
    [waiting] = listed()
    assert (waiting.id, waiting.state, waiting.approvals) == ("job-0", "awaiting approval", (0, 1))
    assert (waiting.requester, waiting.names) == ("U0ADA", ("node-1",))
    assert waiting.expires > 0
    assert not waiting.outdated
    outcomes.cluster.set_role("node-2", "manager")
    assert [change.outdated for change in listed()] == ["`node-2` is a manager now"]
    outcomes.cluster.set_role("node-2", "worker")
    outcomes.approve(0, "job-0", "U0BEN")
    [queued] = listed()
    assert (queued.id, queued.state, queued.names) == ("job-0", "queued", ("node-1",))
    outcomes.work(0, 0, crash=False)
    assert listed() == ()
