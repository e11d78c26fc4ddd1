"""The card of an approval keeps Slack's limits, and names the command that shows what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from bot.approvals.approval import Approval, ApprovalRequest, ApprovalState, Vote
from bot.approvals.card import approval_card, confirmation_message, full_card, plan_message, status_line
from bot.approvals.voting import refusal
from bot.blocks import Block, Message
from bot.model import Finding, Plan, PlanTitles, Step
from bot.queue.job import Job
from bot.slack.outbound.payload import payload
from bot.swarm.operations import LabelHost
from sandbox.slack.faults import Faults
from sandbox.slack.validate import check_message_blocks
from tests.kits.jobs import order

LONG = "because & <so> on " * 111
PLAN = Plan(
    PlanTitles(present="labels much", imperative="label much", success="done", failure="failed"),
    effect="labels only",
    steps=tuple(Step(LabelHost(f"host-{number}", (("zone", "a"),)), f"host-{number}") for number in range(30)),
    warnings=("look at this",),
)
STATES: tuple[ApprovalState, ...] = ("open", "approved", "denied", "withdrawn", "expired", "void")


def approval(state: ApprovalState, *, votes: int = 20, why: str = "") -> Approval:
    """An approval with a long reason and many voters."""
    request = ApprovalRequest(
        job="k7f3",
        cluster="prod",
        channel="C0PROD",
        requester="U0CLEO",
        words="label much",
        reason=LONG,
        subject="label",
        by=tuple(f"U0APPROVER{number:02}" for number in range(20)),
        needed=20,
        asked_at=1_800_000_000.0,
        expires=1_800_001_800.0,
        digest="9c41e0" + "0" * 58,
        basis="{}",
    )
    voters = tuple(f"U0APPROVER{number:02}" for number in range(votes))
    return Approval(
        request=request,
        state=state,
        version=votes + 1,
        votes=tuple(Vote(voter, 1_800_000_100.0) for voter in voters),
        counted=voters if state == "approved" else (),
        decided_by="U0DAN" if state in {"denied", "withdrawn"} else "",
        decided_at=0.0 if state == "open" else 1_800_000_200.0,
        why=why,
    )


def texts(blocks: Iterable[Any]) -> str:
    """Return the texts of a message's blocks."""
    return " ".join(str(block) for block in blocks)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("shape", [approval_card, full_card, confirmation_message], ids=["card", "whole", "question"])
def test_card_keeps_slack_limits(state: ApprovalState, shape: Any) -> None:
    """Thirty steps, a reason of 2,000 characters and twenty approvers, in each state."""
    message: Message = shape(approval(state, why=LONG), PLAN)
    sent: list[Block] = payload(message, plain=False)["blocks"]
    check_message_blocks(sent, Faults())


def test_approvers_are_mentioned() -> None:
    """The card and the refusal mention an id in the same way."""
    found = approval("open")
    assert "<@U0APPROVER00> or " in texts(approval_card(found, PLAN).blocks)
    assert refusal(found, "not among").happened.startswith("only <@U0APPROVER00> or ")


@pytest.mark.parametrize(
    ("needed", "told"),
    [
        (1, ", because prod was frozen when this was requested"),
        (2, ", one of them because prod was frozen when this was requested"),
    ],
)
def test_a_freeze_is_named(needed: int, told: str) -> None:
    """It is why an approval is needed, or one more. The card stays true when the freeze ends."""
    found = approval("open", votes=0)
    card = approval_card(replace(found, request=replace(found.request, needed=needed, frozen=True)), PLAN)
    assert told in texts(card.blocks)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "Nothing was changed. If it is still needed, request it again."),
        ({"frozen": True}, "A freeze had added one of these approvals. Nothing was changed. If it is still needed, "),
        ({"typed_secret": True}, "Nothing was changed. The secret typed with it was deleted: request it again."),
    ],
)
def test_what_has_expired_says_how_to_go_on(more: dict[str, Any], told: str) -> None:
    """With a freeze, that one approval less may be needed now."""
    found = approval("expired", votes=1)
    line = status_line(replace(found, request=replace(found.request, **more)))
    assert f": it had 1 of 20 approvals. {told}" in line


def test_cut_reason_names_the_command_that_shows_it() -> None:
    """A cut reason names the command that shows all of it, and that command does."""
    assert "characters left out: `/swarm approvals k7f3`" in texts(approval_card(approval("open"), PLAN).blocks)
    sections = (block for block in full_card(approval("open"), PLAN).blocks if block["type"] == "section")
    shown = "".join(block["text"]["text"] for block in sections)
    assert "characters left out" not in shown
    assert shown.count("because") == 111


def test_steps_over_the_limit_are_counted() -> None:
    """The card shows thirty and counts the rest; the full card shows all."""
    more = Plan(PLAN.titles, steps=(*PLAN.steps, *PLAN.steps[:5]))
    assert "and 5 more steps: `/swarm approvals k7f3`" in texts(approval_card(approval("open", votes=0), more).blocks)
    assert "more steps" not in texts(full_card(approval("open", votes=0), more).blocks)


def test_what_is_so_already_is_said() -> None:
    """Nodes that need no change are also on the card if there are several nodes."""
    partly = Plan(PLAN.titles, steps=PLAN.steps, unchanged=("`host-3` is a worker of prod, ready",))
    assert "✓ `host-3` is a worker of prod, ready: no change needed" in texts(
        approval_card(approval("open"), partly).blocks
    )


def test_a_plan_without_steps_is_not_advised() -> None:
    """If every host is skipped, the order would do nothing: the fixes are the next steps."""
    skipped = Plan(PLAN.titles, findings=(Finding("failed", "`host-3` is down.", "host-3", "Start it."),))
    shown = texts(plan_message(Job(order(words="join worker host-3"), "running"), skipped).blocks)
    assert "skipped: `host-3` is down." in shown
    assert "Nothing was changed, and nothing would be: every host is skipped. Start it." in shown
    assert "without `--plan`" not in shown


def test_counted_approvers_are_named() -> None:
    """A person who had lost the permission by then is not named."""
    found = approval("approved", votes=4)
    decided = Approval(
        request=found.request, state="approved", version=5, votes=found.votes, counted=("U0APPROVER00", "U0APPROVER03")
    )
    approved = next(line for line in texts(approval_card(decided, PLAN).blocks).split("\\n") if "Approved" in line)
    assert "U0APPROVER00" in approved
    assert "U0APPROVER03" in approved
    assert "U0APPROVER01" not in approved.partition("*Approved*")[2].partition("Needs")[0]


@pytest.mark.parametrize("state", STATES)
def test_decision_comes_first(state: ApprovalState) -> None:
    """What was decided is the first thing in the card and in its text for screen readers; needs are gone then."""
    found = approval(state, votes=1, why="because.")
    card = approval_card(found, PLAN)
    for message in (card, full_card(found, PLAN)):
        first = message.blocks[0]["text"]["text"]
        assert (f"*{state.capitalize()}*" in first) is (state != "open")
        assert ("Needs 20 approvals" in texts(message.blocks)) is (state == "open")
    assert (f"*{state.capitalize()}*" in card.text) is (state != "open")
