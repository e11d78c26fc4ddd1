"""A worker posts a change's card and dies before its first call: any end of the job then ends the card too."""

from __future__ import annotations

import pytest

from bot.blocks import Message, text_message
from bot.queue.end_messages import card
from tests.kits.approvals.expected import ExpectedOutcomes


@pytest.mark.parametrize("how", ["was cancelled in prod", "No change needed", "no node"])
def test_the_card_ends_with_its_job(redis_url: str, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """The second attempt finds the job cancelled, its work done, or its node gone. The card does not stay as it was."""
    outcomes = ExpectedOutcomes(redis_url, 0, {"U0ADA"})
    dead, alive = outcomes.processes
    outcomes.ask(0, "U0ADA", "manager-1" if "change" in how else "node-1")
    lease = dead.queue.take(dead.name, "exclusive", block_ms=0)
    assert lease
    dead.replies.show(lease, card(lease.job.order, "C0PROD", text_message("0 of 1 done"), promised=False), at_once=True)
    if "cancelled" in how:
        alive.queue.cancel("job-0", "U0ADA", [])
    elif "no node" in how:
        del outcomes.cluster.records["node-1"]
    edits: list[str] = []

    def edited(_channel: str, ts: str, message: Message, **_: str) -> str:
        edits.append(message.text)
        return ts

    monkeypatch.setattr(alive.slack, "update", edited)
    again = alive.queue.reclaim(alive.name, "exclusive").lease
    assert again
    alive.runner.handle(again)
    alive.deliver()
    assert dead.slack.posted + alive.slack.posted == 1
    assert how in edits[-1]
