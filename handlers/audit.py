"""`/swarm audit`: who asked for what, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.commands import DURATION, PERSON, Flag, number, record, text
from bot.plan.book import Book, BookLook, EntryFilter, EntryRecord
from bot.slack.blocks import Message, context, escape, paragraphs, tick, user, when


@dataclass(frozen=True, slots=True)
class AuditArguments:
    """The words of ``audit``."""

    by: Annotated[str, Flag(PERSON, "entries of one person")] = ""
    node: Annotated[str, Flag(text("NODE"), "entries that name a host or node")] = ""
    command: Annotated[str, Flag(text("COMMAND"), "entries of one command")] = ""
    since: Annotated[float, Flag(DURATION, "how far back, like `2d`")] = 0.0
    before: Annotated[int, Flag(number("N", 1, 2**53), "entries older than this number")] = 0
    last: Annotated[int, Flag(number("N", 1, 40), "how many")] = 15


def _look(arguments: AuditArguments) -> BookLook:
    wanted = EntryFilter(
        by=arguments.by,
        node=arguments.node,
        command=arguments.command,
        since=arguments.since,
        before=arguments.before,
        count=arguments.last,
    )
    return BookLook(entries=wanted)


@record(
    "audit",
    help="the newest entries of the audit log",
    example="audit --by @ada --since 2d",
    permission="operate",
    risk="none",
    approval=0,
    look=_look,
)
def audit(book: Book, arguments: AuditArguments) -> Message:
    """A line an entry, newest first."""
    if not book.entries:
        return Message("No entry of the audit log is like that.", ())
    title = f"{len(book.entries)} newest entries of {book.cluster}"
    blocks = paragraphs([f"*{title}*", *map(_line, book.entries)])
    if len(book.entries) == arguments.last:
        blocks.append(context(f"Older ones: `/swarm audit --before {book.entries[-1].seq}` and the same filters."))
    return Message(title, tuple(blocks))


def _line(entry: EntryRecord) -> str:
    who = user(entry.by) if entry.by[:1] in {"U", "W"} and entry.by.isalnum() else escape(entry.by)
    parts = [f"{entry.seq} {when(entry.at)} {who} *{escape(entry.action)}*"]
    if entry.words:
        parts.append(tick(f"/swarm {entry.words}"))
    if entry.job:
        parts.append(tick(entry.job))
    if entry.detail:
        parts.append(escape(entry.detail))
    return " · ".join(parts)
