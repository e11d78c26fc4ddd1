"""`/swarm approvals [ID]`: the changes that wait for approval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from bot.blocks import Message, echo, paragraphs, section, text_message
from bot.commands import Word, record, text
from bot.errors import NotUnderstood
from bot.model.records import Records, RecordsQuery

MAX_SHOWN: Final = 20
"""A Slack message has at most 50 blocks; each approval takes two."""


@dataclass(frozen=True, slots=True)
class ApprovalsArguments:
    """The arguments of ``approvals``."""

    id: Annotated[str, Word(text("ID"), "an approval to show in full")] = ""


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
    """Return a line with the reader's buttons for each change that waits, or one approval in full."""
    if arguments.id:
        if not records.approvals:
            raise NotUnderstood(
                f"Approval {echo(arguments.id)} does not exist.",
                next_step="`/swarm approvals` lists what waits for approval.",
            )
        return records.approvals[0].whole
    if not records.approvals:
        return text_message(f"No change in {records.cluster} waits for approval.")
    count = len(records.approvals)
    decision = "a decision" if any(waiting.confirmation for waiting in records.approvals) else "approval"
    title = f"{count} {'change waits' if count == 1 else 'changes wait'} for {decision} in {records.cluster}"
    blocks = [*paragraphs([f"*{title}*"])]
    for waiting in records.approvals[:MAX_SHOWN]:
        blocks += [*paragraphs(waiting.line.split("\n")), *waiting.buttons]
    if count > MAX_SHOWN:
        blocks.append(section(f"{count - MAX_SHOWN} more are not shown; `/swarm approvals ID` shows one."))
    return Message(title, tuple(blocks))
