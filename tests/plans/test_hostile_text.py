"""What people, engines and hosts wrote changes no card and no answer but in its words."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.approvals.approval import Approval, ApprovalRequest, ApprovalState, Vote
from bot.approvals.card import (
    approval_card,
    approved_preface,
    confirmation_message,
    full_card,
    list_line,
    plan_message,
    status_line,
)
from bot.blocks import Message, error_message, text_message
from bot.commands import Command, Vocabulary
from bot.config import Config, choose_cluster
from bot.errors import SwarmbotError
from bot.execution.planning import planned
from bot.execution.progress_card import ProgressCard
from bot.model import Facts, Plan, PlanTitles, Step
from bot.queue.job import Job
from bot.swarm.operations import LabelHost, LabelNode
from tests.kits.commands import COMMANDS
from tests.kits.examples import examples
from tests.kits.hostile_text import HOSTILE, NOT_BLANK, markup_of, replaced
from tests.kits.jobs import order
from tests.plans.description import Description
from tests.plans.files import cases, described
from tests.plans.outcome import read_words

TYPED_FIELDS = frozenset({"swarm_error", "error", "complaint", "reason", "labels"})
"""The fields of facts that hold what engines report and people wrote."""
STATES: tuple[ApprovalState, ...] = ("open", "approved", "denied", "withdrawn", "expired")
FEW = settings(max_examples=examples(180), deadline=None, suppress_health_check=[HealthCheck.too_slow])


@cache
def _with_text() -> list[tuple[Command, Facts, Any]]:
    """Return the cases whose facts hold such a text."""
    found = []
    for _, given_facts, case in cases():
        facts_words = described(given_facts, case)
        if "own_records" in facts_words:
            continue
        description = Description.model_validate(facts_words)
        try:
            command, arguments = read_words(case["words"], description.vocabulary)
        except SwarmbotError:
            continue
        facts = description.facts(command.query(arguments))
        if replaced(facts, TYPED_FIELDS, "of no case") != facts:
            found.append((command, facts, arguments))
    return found


def _shown(command: Command, facts: Facts, arguments: Any) -> list[Message]:
    try:
        if not command.is_change(arguments):
            assert command.answer is not None
            return [command.answer(facts, arguments)]
        plan = planned(command, facts, arguments, "zone")
    except SwarmbotError as error:
        return [error_message(error, "*it failed*")]
    return _cards(plan, "why", "join worker host-3")


def _cards(plan: Plan, reason: str, words: str, why: str = "why") -> list[Message]:
    """Return every message that shows a plan and who decided it."""
    job = Job(replace(order(job_id="k7f3", words=words), reason=reason), "running")
    request = ApprovalRequest(
        job="k7f3",
        cluster="prod",
        channel="C0PROD",
        requester="U0CLEO",
        words=words,
        reason=reason,
        subject="label",
        by=("U0DAN",),
        needed=1,
        asked_at=1.0,
        expires=2.0,
        digest="9c41e0" + "0" * 58,
        basis="{}",
    )
    shown = [plan_message(job, plan)]
    for state in STATES:
        decided = "" if state == "open" else "U0DAN"
        approval = Approval(
            request=request,
            state=state,
            version=1,
            votes=(Vote("U0DAN", 1.0),),
            counted=("U0DAN",),
            decided_by=decided,
            decided_at=float(bool(decided)),
            why=why,
        )
        confirmed = replace(approval, request=replace(request, confirmation=True, changed="it costs more now"))
        shown += [approval_card(approval, plan), full_card(approval, plan), confirmation_message(confirmed, plan)]
        shown += [
            text_message(text(each))
            for each in (approval, confirmed)
            for text in (list_line, status_line, approved_preface)
        ]
    card = ProgressCard(job, plan, 0.0, preface=approved_preface(approval), cancelled_by="U0DAN")
    return [*shown, card.message(), card.ended()]


@FEW
@given(st.data(), NOT_BLANK)
def test_what_engines_report_is_shown_as_plain_text(data: st.DataObject, text: str) -> None:
    """Errors of engines and tasks, labels and the reason of a freeze add nothing bold, no mention and no line."""
    command, facts, arguments = data.draw(st.sampled_from(_with_text()))
    harmless, hostile = (_shown(command, replaced(facts, TYPED_FIELDS, each), arguments) for each in ("x", text))
    assert list(map(markup_of, hostile)) == list(map(markup_of, harmless))


@FEW
@given(NOT_BLANK, NOT_BLANK, NOT_BLANK, NOT_BLANK)
def test_what_people_write_is_shown_as_plain_text(reason: str, words: str, why: str, label: str) -> None:
    """A reason, a denial's reason, the words and a label cannot forge a line of a card."""

    def shown(reason: str, words: str, why: str, label: str) -> list[Message]:
        steps = (LabelHost("host-3", ((label, label),)), LabelNode("n1", "host-4", ((label, label),), (label,)))
        plan = Plan(PlanTitles(success="done", failure="failed"), steps=tuple(Step(each, "host-3") for each in steps))
        return _cards(plan, reason, words, why)

    hostile = shown(reason, words, why, f"{label[:12]}x")  # a long line would have details in the card
    assert list(map(markup_of, hostile)) == list(map(markup_of, shown("x", "x", "x", "x")))


CONFIG = Config.model_validate(
    {"clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": {"address": "10.0.0.1"}}}}, "people": {}}
)


@FEW
@given(st.sampled_from(["", *COMMANDS]), HOSTILE)
def test_an_error_says_back_plain_text(name: str, text: str) -> None:
    """An order that is not understood is said back without markup."""
    for attempt in (
        lambda: read_words(f"{name} {text}", Vocabulary("prod", ("host-1",))),
        lambda: read_words(f'{name} "{text}"', Vocabulary("prod", ("host-1",))),
        lambda: choose_cluster(CONFIG, "C0", text),
    ):
        try:
            attempt()
        except SwarmbotError as error:
            seen = markup_of(error_message(error))
            assert not {"<!channel>", "<!here>", "<@U0ADMIN2>"} & set(seen.tokens)
            assert (seen.marks["*"], seen.marks["`"], seen.marks["~"], seen.turned) == (0, 0, 0, 0)
            assert seen.lines <= 4, "what happened and what to do, in the text and in the blocks"
