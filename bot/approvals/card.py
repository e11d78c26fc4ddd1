"""The card of an approval, and the question to a requester who must confirm a plan. Pure.

It says what will be done, what it means, who decides, and who has decided.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from bot.approvals.approval import Approval
from bot.approvals.choices import EVERY_CHOICE, Choice
from bot.approvals.rule import approvals_text
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
    order_text,
    paragraphs,
    plain_line,
    quoted,
    section,
    text_message,
    tick,
    user,
    when,
)
from bot.model import Plan, PlanTitles
from bot.model.approval_basis import short
from bot.queue.job import Job
from bot.stored_json import from_json
from bot.text.mrkdwn import one_line
from bot.text.suggest import listed, number_of, part_of

MAX_STEPS: Final = 30
BRIEF_STEPS: Final = 3
MAX_VOTES: Final = 20
MAX_QUORUM_STATES: Final = 6
MAX_MENTIONS: Final = 10
"""At most this many people and groups are named; the rest are counted. For more people, a rule should name a user
group."""
MAX_REASON_CHARS: Final = 600
UNREADABLE: Final = (
    "Another version of Swarmbot made this plan, and this version cannot show it: withdraw it and request it again."
)
SLACK_ID: Final = re.compile(r"[USW][A-Z0-9]{2,}")


def readable_plan(plan: str) -> Plan:
    """Return the plan of a job; if this version cannot read it, a plan that says so."""
    try:
        return from_json(Plan, plan)
    except ValueError:
        return Plan(PlanTitles(), warnings=(UNREADABLE,))


def approval_card(approval: Approval, plan: Plan) -> Message:
    """Return the card for the channel. Once decided, the decision comes first.

    It counts what it omits, and names the command that shows everything.
    """
    request = approval.request
    title = f"{user(request.requester)} asks to {plan.titles.imperative or order_text(request.words)}"
    reason = f": {_cut(request.reason, request.job)}" if request.reason else ""
    blocks: list[Block] = [
        *paragraphs(_end(approval)),
        section(f"*{title}*{reason}"),
        *paragraphs(_plan_lines(plan, MAX_STEPS, request.job)),
        *paragraphs(_votes(approval)),
        context(" · ".join([_terms(approval), *_notified(approval)])),
    ]
    blocks += choice_buttons(approval, EVERY_CHOICE)
    if approval.state == "void":
        blocks.append(actions(button("Request again", "approval.again", approval.id)))
    return Message(": ".join([*_end(approval), title]), tuple(blocks))


def full_card(approval: Approval, plan: Plan, choices: Sequence[Choice] = EVERY_CHOICE) -> Message:
    """Return the answer to `/swarm approvals ID`: everything that fits into a message, and the reader's ``choices``."""
    request = approval.request
    title = f"{user(request.requester)} asks to {plan.titles.imperative or order_text(request.words)}"
    blocks = [
        *paragraphs(_end(approval)),
        section(f"*{title}* · {tick('/swarm ' + request.words)}"),
        *_full_text("Reason", request.reason),
        *paragraphs(_plan_lines(plan, len(plan.steps), request.job)),
        *paragraphs(_votes(approval, every=True)),
        *_full_text("Reason for the denial", approval.why if _is_long_denial(approval) else ""),
        context(f"{_terms(approval)} · digest `{request.digest}`"),
        *choice_buttons(approval, choices),
    ]
    return Message(f"Approval {approval.id}", tuple(blocks))


def confirmation_message(approval: Approval, plan: Plan, choices: Sequence[Choice] = EVERY_CHOICE) -> Message:
    """Return the question to the requester: what the plan costs, and whether to proceed."""
    request = approval.request
    title = plan.titles.imperative or order_text(request.words)
    head = f"{WARNING} *This costs service: {title}*"
    changed = [f"Since you confirmed it, the plan has changed: {request.changed}."] if request.changed else []
    terms = [f"Only {user(request.requester)} can decide", f"expires {when(request.expires)}"]
    which = f"plan `{short(request.digest)}` · `{request.job}`"
    blocks = [
        *paragraphs([*_end(approval), head, *changed, *_plan_lines(plan, MAX_STEPS, request.job)]),
        context(" · ".join([*terms, which] if approval.open else [which])),
        *choice_buttons(approval, choices),
    ]
    return Message(": ".join([*_end(approval), head.replace("*", "")]), tuple(blocks))


def reminder_message(approval: Approval) -> Message:
    """Return the reply to the card, shortly before it expires, to those who may approve and have not."""
    request = approval.request
    left = max(request.needed - len(approval.votes), 1)
    mentions = _mentions([each for each in request.notify if each not in {vote.by for vote in approval.votes}])
    return text_message(
        f"{WAITING} *Still waits for {number_of(left, 'approval')}*: {order_text(request.words)} in "
        f"{plain_line(request.cluster)}, requested by {user(request.requester)} · expires {when(request.expires)} · "
        f"{tick(request.job)}\n{mentions}: approve or deny it in the message above."
    )


def decision_message(approval: Approval) -> Message:
    """Return how it ended, for the requester."""
    request = approval.request
    text = f"{order_text(request.words)} in {request.cluster} · `{request.job}`: {status_line(approval)}"
    if not request.confirmation:
        return text_message(text)
    again = actions(button("Request again", "approval.again", request.job))
    return Message(text, (*text_message(text).blocks, again))


def list_line(approval: Approval) -> str:
    """Return one line of `/swarm approvals`."""
    request = approval.request
    have = f"{user(request.requester)} · {part_of(len(approval.votes), request.needed, 'approval')}"
    if request.confirmation:
        have = f"waits until {user(request.requester)} confirms it"
    words = order_text(request.words)
    return f"{WAITING} {tick(approval.id)} {words} · {have} · expires {when(request.expires)}"


def status_line(approval: Approval) -> str:
    """Return its state in one line."""
    waits = "waits for its requester" if approval.request.confirmation else "waits for approval"
    return (_end(approval) or [f"{WAITING} {waits}"])[0]


def approved_preface(approval: Approval) -> str:
    """Return the line above the live steps of a change: the reason, and who approved or confirmed it."""
    request = approval.request
    reason = f"{_cut(request.reason, request.job)} · " if request.reason else ""
    return f"{reason}{status_line(approval)} · plan `{short(request.digest)}`"


def plan_message(job: Job, plan: Plan, warning: str = "", needs: str = "") -> Message:
    """Return the answer to `--plan`, with a warning about it as a whole, and which approvals it ``needs``."""
    typed = "/swarm " + job.order.words.removesuffix(" --plan")
    warnings = [f"{WARNING} {warning}"] if warning else []
    if not plan.steps and not plan.left_out:
        lines = [*no_change_lines(plan), *warnings]
        return Message(lines[0], tuple(paragraphs(lines)))
    title = f"Plan only: {plan.titles.imperative or tick(typed)}"
    lines = [f"*{title}*", *_plan_lines(plan, MAX_STEPS, job.id), *warnings]
    if not plan.steps:
        steps = dict.fromkeys(finding.next_step for finding in plan.left_out if finding.next_step)
        end = " ".join(["Nothing was changed, and nothing would be: every host is skipped.", *steps])
        return Message(title, tuple(paragraphs([*lines, end])))
    end = f"Nothing was changed. Next: {tick(typed)} without `--plan`."
    return Message(title, tuple(paragraphs([*lines, *filter(None, [needs]), end])))


def no_change_lines(plan: Plan) -> list[str]:
    """Return that no change is needed, and what is wrong nevertheless."""
    warnings = [finding for finding in plan.findings if finding.sign == "warning"]
    return [
        f"{DONE} *No change needed*: {'; '.join(plan.unchanged)}.",
        *(f"{WARNING} {finding.text} {finding.next_step}".rstrip() for finding in warnings),
    ]


def brief_lines(approval: Approval, plan: Plan) -> list[str]:
    """Return what a person must know before they decide in a list: the reason, the plan, what it costs."""
    request = approval.request
    reason = [f"Reason: {_cut(request.reason, request.job)}"] if request.reason else []
    return [*reason, *_plan_lines(plan, BRIEF_STEPS, request.job), f"plan `{short(request.digest)}`"]


def approver_mention(name: str) -> str:
    """Return an entry of a rule as Slack shows it: a mention for an id, ``@name`` for a name of swarmbot.yml."""
    return user(name) if SLACK_ID.fullmatch(name) else f"@{plain_line(name)}"


def _plan_lines(plan: Plan, max_steps: int, job: str) -> list[str]:
    lines = [plan.effect] if plan.effect else []
    steps = [f"{number}. {step.operation.doing}" for number, step in enumerate(plan.steps, 1)]
    lines += steps[:max_steps]
    if len(steps) > max_steps:
        lines.append(f"and {len(steps) - max_steps} more steps: `/swarm approvals {job}`")
    lines += _sampled(plan.quorum)
    lines += [f"{DONE} {text}: no change needed" for text in plan.unchanged]
    lines += [f"{WARNING} {finding.text}" for finding in plan.findings if finding.sign == "warning"]
    lines += [f"{FAILED} skipped: {finding.text}" for finding in plan.left_out]
    costs = (cost.text for cost in plan.costs)
    return lines + [f"{WARNING} {warning}" for warning in (*costs, *plan.meanwhile, *plan.warnings)]


def _sampled(quorum: tuple[str, ...]) -> list[str]:
    """Return the reachable managers now and after each step; if there are many steps, the first and the last."""
    if len(quorum) > MAX_QUORUM_STATES:
        quorum = (*quorum[: MAX_QUORUM_STATES - 1], "…", quorum[-1])
    return ["Managers: " + "; ".join(quorum)] if quorum else []


def _votes(approval: Approval, *, every: bool = False) -> list[str]:
    lines = [f"{DONE} {user(vote.by)} approved {when(vote.at)}" for vote in approval.votes]
    if len(lines) > MAX_VOTES and not every:
        return [*lines[:MAX_VOTES], f"and {len(lines) - MAX_VOTES} more: `/swarm approvals {approval.id}`"]
    return lines


def _end(approval: Approval) -> list[str]:
    """Return how it was decided in one line; [] while it is open."""
    return _confirmation_end(approval) if approval.request.confirmation else _approval_end(approval)


def _approval_end(approval: Approval) -> list[str]:
    at = when(approval.decided_at) if approval.decided_at else ""
    by = user(approval.decided_by) if approval.decided_by else ""
    why = f": {_cut(approval.why, approval.id)}" if approval.why else ""
    match approval.state:
        case "approved":
            voters = ", ".join(map(user, approval.counted))
            return [f"{DONE} *Approved* by {voters} {at}"]
        case "denied":
            return [f"{FAILED} *Denied* by {by} {at}{why}"]
        case "withdrawn":
            return [f"{FAILED} *Withdrawn* by {by} {at}"]
        case "expired":
            request = approval.request
            have = f"it had {part_of(len(approval.votes), request.needed, 'approval')}"
            frozen = " A freeze had added one of these approvals." if request.frozen else ""
            deleted = "The secret typed with it was deleted: request it again."
            again = deleted if request.typed_secret else "If it is still needed, request it again."
            return [f"{FAILED} *Expired* {at}: {have}.{frozen} Nothing was changed. {again}"]
        case "void":
            return [f"{FAILED} *Void* {at}: {approval.why} Nothing was changed."]
        case "open":
            return []


def _confirmation_end(approval: Approval) -> list[str]:
    requester, by = user(approval.request.requester), user(approval.decided_by)
    at = when(approval.decided_at)
    match approval.state:
        case "open":
            return []
        case "approved":
            return [f"{DONE} *Confirmed* by {requester} {at}"]
        case "expired":
            return [f"{FAILED} *Expired* {at}: {requester} did not confirm it. Nothing was changed."]
        case _:
            return [f"{FAILED} *Cancelled* by {by} {at}. Nothing was changed."]


def _terms(approval: Approval) -> str:
    """Return what is needed and until when; after the decision only the plan and the job."""
    request = approval.request
    which = f"plan `{short(request.digest)}` · `{request.job}`"
    if not approval.open:
        return which
    who = " or ".join(approver_mention(name) for name in request.by)
    frozen = f"{plain_line(request.cluster)} was frozen when this was requested" if request.frozen else ""
    with_code = bool(request.second_factor)
    needs = approvals_text(request.needed, who, request.requester, with_code=with_code, frozen=frozen)
    deleted = ", and the typed secret is deleted" if request.typed_secret else ""
    return f"Needs {needs} · expires {when(request.expires)}{deleted} · {which}"


def _notified(approval: Approval) -> list[str]:
    """Return a mention of those who may approve, unless the terms mention them; [] once it is decided."""
    request = approval.request
    found = [each for each in request.notify if each not in request.by]
    return [f"For approval: {_mentions(found)}"] if approval.open and found else []


def _mentions(ids: Sequence[str]) -> str:
    """Return mentions of users and user groups."""
    return listed(map(user, ids), limit=MAX_MENTIONS)


def _full_text(name: str, text: str) -> list[Block]:
    """Return a long text in sections, each short enough after escaping."""
    text = one_line(text)
    pieces = [plain_line(text[start : start + MAX_REASON_CHARS]) for start in range(0, len(text), MAX_REASON_CHARS)]
    return [section(f"{name}: {piece}" if not number else piece) for number, piece in enumerate(pieces)]


def _is_long_denial(approval: Approval) -> bool:
    return approval.state == "denied" and len(approval.why) > MAX_REASON_CHARS


def _cut(text: str, job: str) -> str:
    """Return a reason in quotes; if it is long, its beginning and the command that shows all of it."""
    shown = quoted(text[:MAX_REASON_CHARS])
    left_out = len(text) - MAX_REASON_CHARS
    return f"{shown} … ({left_out} characters left out: `/swarm approvals {job}`)" if left_out > 0 else shown


def choice_buttons(approval: Approval, choices: Sequence[Choice]) -> list[Block]:
    """Return a row with the buttons of an open approval that its reader may press; [] for none."""
    job, confirmation = approval.id, approval.request.confirmation
    row = {
        "approve": button("Approve", "approval.approve", job, style="primary"),
        "deny": button("Deny", "approval.deny", job, style="danger"),
        "withdraw": button("Withdraw", "approval.withdraw", job),
    }
    if confirmation:
        row = {
            "approve": button("Proceed", "approval.approve", job, style="danger"),
            "withdraw": button("Cancel", "approval.withdraw", job),
        }
    shown = [found for choice, found in row.items() if choice in choices]
    return [actions(*shown)] if approval.open and shown else []
