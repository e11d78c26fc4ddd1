"""Every message that a case leads to: of a plan, the answer to ``--plan``, the card that asks, and the job's card."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from bot.approvals.approval import Approval
from bot.approvals.card import approval_card, plan_message
from bot.blocks import Message, error_message
from bot.commands import Vocabulary
from bot.errors import SwarmbotError
from bot.execution.planning import planned
from bot.execution.progress_card import ProgressCard
from bot.execution.step_details import step_details
from bot.model import Plan
from bot.model.records import Records
from bot.queue.job import Job
from bot.stored_json import from_plain
from tests.kits.commands import COMMANDS
from tests.kits.jobs import order, request_for
from tests.plans.description import Description
from tests.plans.outcome import read_words
from tests.plans.parts import NOW

TOOK_S: Final = 1.2
REQUEST: Final = replace(
    request_for("k7f3"),
    requester="U0ADA",
    reason="the new hosts are here",
    by=("S0ADMINS",),
    asked_at=NOW,
    expires=NOW + 1800,
    digest="9c41e0" + "0" * 58,
)


def messages(facts: dict[str, Any], words: str) -> Iterator[Message]:
    """Yield what Swarmbot says to these words with these facts."""
    try:
        if "own_records" in facts:
            records = from_plain(Records, {"at": NOW, "workers": 1, **facts["own_records"]})
            command, arguments = read_words(words, Vocabulary(records.cluster, (), tuple(COMMANDS)))
            if command.record is not None:
                yield command.record(records, arguments)
            return
        description = Description.model_validate(facts)
        command, arguments = read_words(words, description.vocabulary)
        known = description.facts(command.query(arguments))
        if not command.is_change(arguments):
            assert command.answer is not None
            yield command.answer(known, arguments)
            return
        plan = planned(command, known, arguments, "zone")
    except SwarmbotError as error:
        yield error_message(error, f"`/swarm {words}` failed")
        return
    yield from _of_plan(plan, words, command.subject(arguments))


def _of_plan(plan: Plan, words: str, subject: str) -> Iterator[Message]:
    job = Job(replace(order(job_id="k7f3", words=words), requester="U0ADA"), "running")
    yield plan_message(job, plan)
    if plan.steps:
        yield approval_card(Approval(replace(REQUEST, words=words, subject=subject), "open", 1), plan)
        card = ProgressCard(job, plan, time.time() - TOOK_S)
        card.set(plan.steps[0], "running", plan.steps[0].operation.doing)
        yield card.message()
        for step in plan.steps:
            card.set(step, "running", step.operation.doing)
            card.set(step, "done", step.operation.done)
        yield card.ended()
        yield from (each.message for each in step_details(job.order, "C0PROD", card.details()))
