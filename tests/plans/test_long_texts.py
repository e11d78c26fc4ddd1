"""If a text may have thousands of characters, a message shows its beginning, and where the rest is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from bot.approvals.approval import Approval
from bot.approvals.card import approval_card, decision_message, full_card, list_line, plan_message, reminder_message
from bot.blocks import Message, text_message
from bot.execution.progress_card import ProgressCard
from bot.model import Plan, PlanTitles, Step
from bot.model.records import JobRecord, PersonPermissions, Records
from bot.queue.job import Job
from bot.swarm.operations import LabelNode
from bot.swarm.operations.labels import MAX_LABEL_CHARS
from bot.text.mrkdwn import MAX_ORDER_CHARS
from handlers.jobs import JobArguments, JobsArguments
from handlers.nodes import NodeArguments
from tests.kits.commands import COMMANDS
from tests.kits.jobs import order, request_for
from tests.plans.description import Description

LONG: Final = "x" * 10_000
WORDS: Final = f"label host-4 note={LONG}"
STEP: Final = Step(LabelNode("n1", "host-4", (("note", LONG),)), "host-4")
PLAN: Final = Plan(PlanTitles(imperative="label `host-4`", success="`host-4` is labelled"), steps=(STEP,))
APPROVAL: Final = Approval(replace(request_for("k7f3"), words=WORDS), "open", 1)
RECORD: Final = JobRecord("k7f3", "running", WORDS, "prod", "U0CLEO", 1.0)

RECORDS: Final = Records(1.0, "prod", ("prod",), PersonPermissions("U0CLEO", (), (), ()), 1, jobs=(RECORD,), job=RECORD)


def _of_records(command: str, arguments: object) -> Message:
    record = COMMANDS[command].record
    assert record is not None
    return record(RECORDS, arguments)


def _longest(message: Message) -> int:
    return max(map(len, re.findall("x+", str((message.text, message.blocks, message.plain)))))


def test_a_label_is_shown_short_where_it_is_set() -> None:
    """With its length, on every card of the order."""
    card = ProgressCard(Job(order(job_id="k7f3", words=WORDS), "running"), PLAN, 0.0)
    for message in (card.message(), card.ended(), approval_card(APPROVAL, PLAN)):
        assert _longest(message) < MAX_LABEL_CHARS
        assert "(10,005 characters)" in str(message.blocks)


def test_an_order_is_shown_short_where_it_is_named() -> None:
    """In lists, reminders and decisions."""
    listed = _of_records("jobs", JobsArguments())
    for message in (listed, text_message(list_line(APPROVAL)), reminder_message(APPROVAL), decision_message(APPROVAL)):
        assert MAX_LABEL_CHARS < _longest(message) < MAX_ORDER_CHARS


def test_the_order_is_shown_whole_by_its_id() -> None:
    """As far as a section of a message goes; so is the command that a plan names to be typed."""
    shown = _of_records("job", JobArguments("k7f3"))
    planned = plan_message(Job(order(job_id="k7f3", words=f"{WORDS} --plan"), "running"), PLAN)
    for message in (shown, full_card(APPROVAL, PLAN), planned):
        assert _longest(message) > MAX_ORDER_CHARS


def test_a_nodes_labels_are_shown_short() -> None:
    """And the command of Docker's own that shows them whole."""
    given = {"hosts": {"host-1": {"is": "leader", "record": {"labels": {"note": LONG, "zone": "b"}}}}}
    answer = COMMANDS["node"].answer
    assert answer is not None
    message = answer(Description.model_validate(given).facts(), NodeArguments("host-1"))
    assert _longest(message) < MAX_LABEL_CHARS
    assert "`zone=b` · `docker node inspect host-1` on a manager shows them whole" in str(message.blocks)
