"""The card of an approval: what would happen, what it means, who may say yes, and who has. Pure."""

from __future__ import annotations

import re
from typing import Final

from bot.approvals.approval import Approval
from bot.blocks import (
    DONE,
    FAILED,
    WAITING,
    WARNING,
    Block,
    Message,
    actions,
    button,
    context,
    escape,
    paragraphs,
    section,
    tick,
    user,
    when,
)
from bot.model import Plan, PlanTitles
from bot.model.approval_basis import short
from bot.queue.job import Job
from bot.stored_json import from_json

STEPS: Final = 30
VOTES: Final = 20
QUORUM: Final = 6
REASON: Final = 600
UNREADABLE: Final = (
    "Another version of Swarmbot made this plan, and this one cannot show it: withdraw it and ask again."
)
SLACK_ID: Final = re.compile(r"[USW][A-Z0-9]{2,}")


def readable(plan: str) -> Plan:
    """The plan of a job, or, where it is of a shape that this version of Swarmbot does not know, one that says so."""
    try:
        return from_json(Plan, plan)
    except ValueError:
        return Plan(PlanTitles(), warnings=(UNREADABLE,))


def card(approval: Approval, plan: Plan) -> Message:
    """The card in the channel, short enough for its limits; what is left out is counted and said where to read."""
    ask = approval.ask
    title = f"*{user(ask.requester)} asks to {plan.titles.imperative or ask.words}*"
    reason = f": “{_cut(ask.reason, ask.job)}”" if ask.reason else ""
    blocks: list[Block] = [
        section(title + reason),
        *paragraphs(_lines(plan, STEPS, ask.job)),
        *paragraphs([*_votes(approval), *_end(approval)]),
        context(*_terms(approval)),
    ]
    if approval.open:
        blocks.append(_buttons(approval.id))
    elif approval.standing == "void":
        blocks.append(actions(button("Ask again", "approval.again", approval.id)))
    return Message(f"{user(ask.requester)} asks to {plan.titles.imperative or ask.words}", tuple(blocks))


def whole(approval: Approval, plan: Plan) -> Message:
    """`/swarm approvals ID`: nothing is left out that fits into a message."""
    ask = approval.ask
    blocks = [
        section(
            f"*{user(ask.requester)} asks to {plan.titles.imperative or ask.words}* · {tick('/swarm ' + ask.words)}"
        ),
        *_full("Reason", ask.reason),
        *paragraphs(_lines(plan, len(plan.steps), ask.job)),
        *paragraphs([*_votes(approval, every=True), *_end(approval)]),
        *_full("Why", approval.why if len(approval.why) > REASON else ""),
        context(*_terms(approval), f"digest `{ask.digest}`"),
    ]
    if approval.open:
        blocks.append(_buttons(approval.id))
    return Message(f"Approval {approval.id}", tuple(blocks))


def listed(approval: Approval) -> str:
    """One line of `/swarm approvals`."""
    ask = approval.ask
    have = f"{len(approval.votes)} of {ask.needed}"
    words = tick("/swarm " + ask.words)
    return f"{WAITING} {tick(approval.id)} {words} · {user(ask.requester)} · {have} · until {when(ask.expires)}"


def headline(approval: Approval) -> str:
    """How it stands, in a line."""
    return (_end(approval) or [f"{WAITING} waits for approval"])[0]


def preface(approval: Approval) -> str:
    """What stands over the live steps of an approved change: who asked why, and who said yes."""
    ask = approval.ask
    reason = f"“{_cut(ask.reason, ask.job)}” · " if ask.reason else ""
    return f"{reason}{headline(approval)} · plan `{short(ask.digest)}`"


def plan_message(job: Job, plan: Plan) -> Message:
    """The answer to `--plan`."""
    words = job.order.words
    if not plan.steps and not plan.left_out:
        return Message("Nothing to do", tuple(paragraphs([f"{DONE} *No change needed*: {'; '.join(plan.unchanged)}."])))
    title = f"*Plan only: {plan.titles.imperative or words}*"
    lines = [title, *_lines(plan, STEPS, job.id), f"Nothing was done. `/swarm {words}` without `--plan` does it."]
    return Message(f"Plan only: {plan.titles.imperative or words}", tuple(paragraphs(lines)))


def _lines(plan: Plan, most: int, job: str) -> list[str]:
    lines = [plan.effect] if plan.effect else []
    steps = [f"{number} {step.operation.doing}" for number, step in enumerate(plan.steps, 1)]
    lines += steps[:most]
    if len(steps) > most:
        lines.append(f"and {len(steps) - most} more steps: `/swarm approvals {job}`")
    lines += _sampled(plan.quorum)
    lines += [f"{WARNING} {finding.text}" for finding in plan.findings if finding.sign == "warning"]
    lines += [f"{FAILED} skipped: {finding.text}" for finding in plan.left_out]
    return lines + [f"{WARNING} {warning}" for warning in (*plan.meanwhile, *plan.warnings)]


def _sampled(quorum: tuple[str, ...]) -> list[str]:
    """What is left of the managers, now and after each step; of many steps the first and the last."""
    if len(quorum) > QUORUM:
        quorum = (*quorum[: QUORUM - 1], "…", quorum[-1])
    return ["Managers: " + "; ".join(quorum)] if quorum else []


def _votes(approval: Approval, *, every: bool = False) -> list[str]:
    lines = [f"{DONE} {user(vote.by)} said yes {when(vote.at)}" for vote in approval.votes]
    if len(lines) > VOTES and not every:
        return [*lines[:VOTES], f"and {len(lines) - VOTES} more: `/swarm approvals {approval.id}`"]
    return lines


def _end(approval: Approval) -> list[str]:
    at = when(approval.decided_at) if approval.decided_at else ""
    by = user(approval.decided_by) if approval.decided_by else ""
    why = f": “{_cut(approval.why, approval.id)}”" if approval.why else ""
    match approval.standing:
        case "approved":
            voters = ", ".join(map(user, approval.counted))
            return [f"{DONE} *Approved* by {voters} {at}"]
        case "denied":
            return [f"{FAILED} *Denied* by {by} {at}{why}"]
        case "withdrawn":
            return [f"{FAILED} *Withdrawn* by {by} {at}"]
        case "expired":
            gone = " What was typed with it is gone, too: ask again." if approval.ask.typed_secret else ""
            have = f"it had {len(approval.votes)} of {approval.ask.needed}"
            return [f"{FAILED} *Expired* {at}: {have}. Nothing was changed.{gone}"]
        case "void":
            return [f"{FAILED} *Void* {at}: {approval.why} Nothing was changed."]
        case "asked":
            return []


def _terms(approval: Approval) -> list[str]:
    ask = approval.ask
    who = " or ".join(approver_mention(name) for name in ask.by)
    factor = " with a code" if ask.second_factor else ""
    needs = f"Needs {ask.needed} of {who}{factor}, not {user(ask.requester)}"
    kept = ": what was typed with it is kept no longer" if ask.typed_secret else ""
    return [needs, f"until {when(ask.expires)}{kept}", f"plan `{short(ask.digest)}` · `{ask.job}`"]


def approver_mention(name: str) -> str:
    """One of those whose yes counts, as Slack shows it."""
    return user(name) if SLACK_ID.fullmatch(name) else f"@{escape(name)}"


def _full(name: str, text: str) -> list[Block]:
    """A long text in pieces that fit a section each, whatever escaping makes of them."""
    pieces = [escape(text[start : start + REASON]) for start in range(0, len(text), REASON)]
    return [section(f"{name}: {piece}" if not number else piece) for number, piece in enumerate(pieces)]


def _cut(text: str, job: str) -> str:
    if len(text) <= REASON:
        return escape(text)
    return f"{escape(text[:REASON])}… ({len(text) - REASON} characters left out: `/swarm approvals {job}`)"


def _buttons(job: str) -> Block:
    return actions(
        button("Approve", "approval.approve", job, style="primary"),
        button("Deny", "approval.deny", job, style="danger"),
        button("Withdraw", "approval.withdraw", job),
    )
