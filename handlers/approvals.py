"""`/swarm approvals [ID]`: what waits for somebody's yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import Message, paragraphs, section, tick
from bot.commands import Word, record, text
from bot.errors import NotUnderstood
from bot.model.records import Records, RecordsQuery


@dataclass(frozen=True, slots=True)
class ApprovalsArguments:
    """The words of ``approvals``."""

    id: Annotated[str, Word(text("ID"), "one of them, whole")] = ""


def _query(arguments: ApprovalsArguments) -> RecordsQuery:
    return RecordsQuery(approval=arguments.id.lower()) if arguments.id else RecordsQuery(approvals=True)


@record(
    "approvals",
    group="Approvals",
    help="List the changes that wait for approval, with buttons to decide",
    example="approvals",
    permission="view",
    risk="none",
    approval=0,
    query=_query,
)
def approvals(records: Records, arguments: ApprovalsArguments) -> Message:
    """A line and the buttons for each that waits, or one whole."""
    if arguments.id:
        if not records.approvals:
            raise NotUnderstood(
                f"There is no approval {tick(arguments.id)}.", next_step="`/swarm approvals` lists them."
            )
        return records.approvals[0].whole
    if not records.approvals:
        return Message("Nothing waits for approval", (section(f"Nothing in {records.cluster} waits for approval."),))
    title = f"{len(records.approvals)} wait for approval in {records.cluster}"
    most = 20
    blocks = [*paragraphs([f"*{title}*"])]
    for waiting in records.approvals[:most]:
        blocks += [section(waiting.line), *waiting.buttons]
    if len(records.approvals) > most:
        blocks.append(section(f"and {len(records.approvals) - most} more; `/swarm approvals ID` shows one whole."))
    return Message(title, tuple(blocks))
