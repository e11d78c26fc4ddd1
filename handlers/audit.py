"""`/swarm audit`: who asked for what, and what came of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Annotated, Final

from bot.blocks import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    WARNING,
    Message,
    actions,
    button,
    escape,
    paragraphs,
    tick,
    user,
    when,
)
from bot.commands import PAST, PERSON, Flag, number, record, text
from bot.model.records import EntryFilter, EntryRecord, Records, RecordsQuery

LONGEST: Final = 160
"""Characters of a detail that a line shows; the export has it whole."""
SHORT: Final = 6
_DIGEST: Final = re.compile(r"\b[0-9a-f]{16,}\b")
_PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,}")
_PEOPLE: Final = re.compile(r"\b[UW](?=[A-Z0-9]*[0-9])[A-Z0-9]{3,}\b")

LINES: Final[dict[str, tuple[str, str]]] = {
    "asked": (WAITING, "{who} asked: {words}"),
    "refused": (FAILED, "{who} was refused {words}"),
    "planned": (WAITING, "planned"),
    "approval asked": (WAITING, "{words} waits for approval"),
    "shown": (WAITING, "approval card shown"),
    "approved by one": (DONE, "{who} approved"),
    "vote refused": (WARNING, "{who}'s vote did not count"),
    "approved": (DONE, "approved, last by {who}"),
    "denied": (FAILED, "{who} denied it"),
    "withdrawn": (FAILED, "{who} withdrew it"),
    "expired": (FAILED, "approval expired"),
    "void": (WARNING, "approval void"),
    "released": (WAITING, "released"),
    "started": (RUNNING, "started"),
    "promised": (WAITING, "rotation promised"),
    "told secret": (WARNING, "secret shown"),
    "secret not told": (WARNING, "secret not shown"),
    "cancelled": (FAILED, "{who} cancelled it"),
    "froze": (WARNING, "{who} froze {cluster}"),
    "thawed": (WARNING, "{who} thawed {cluster}"),
    "share": (WAITING, "{who} shared the answer"),
    "hide": (WAITING, "{who} hid a private message"),
}
"""Each action with its sign and its sentence."""
ENDS: Final = {"succeeded": DONE, "done": DONE, "failed": FAILED, "cancelled": FAILED, "running": RUNNING}


@dataclass(frozen=True, slots=True)
class AuditArguments:
    """The words of ``audit``."""

    by: Annotated[str, Flag(PERSON, "entries of one person")] = ""
    node: Annotated[str, Flag(text("NODE"), "entries that name a host or node")] = ""
    command: Annotated[str, Flag(text("COMMAND"), "entries of one command")] = ""
    job: Annotated[str, Flag(text("ID"), "entries of one job")] = ""
    since: Annotated[str, Flag(PAST, "not older: `2d` ago, or a date or time")] = ""
    until: Annotated[str, Flag(PAST, "not newer: `2h` ago, or a date or time")] = ""
    last: Annotated[int, Flag(number("N", 1, 40), "how many on a page")] = 15
    export: Annotated[bool, Flag(None, "all of them as files, to you alone")] = False


def _query(arguments: AuditArguments) -> RecordsQuery:
    wanted = EntryFilter(
        by=arguments.by,
        node=arguments.node,
        command=arguments.command.lower(),
        job=arguments.job.lower(),
        since=arguments.since,
        until=arguments.until,
        count=arguments.last,
    )
    return RecordsQuery(entries=wanted, export=arguments.export)


@record(
    "audit",
    group="Records",
    help="Show the audit log: who requested what, and the result; `--cluster all` for every cluster",
    example="audit --by @ada --since 2d",
    permission="operate",
    risk="none",
    approval=0,
    query=_query,
)
def audit(records: Records, _: AuditArguments) -> Message:
    """A line an entry, newest first, and buttons to turn the page."""
    if not records.entries:
        return Message("No entry of the audit log is like that.", ())
    newest, oldest = records.entries[0].seq, records.entries[-1].seq
    where = records.cluster or "every cluster"
    title = f"Audit log of {where} · {_range(newest, oldest)}"
    lines = [_line(entry, everywhere=not records.cluster) for entry in records.entries]
    blocks = paragraphs([f"*{escape(title)}*", *lines])
    page = records.page
    turns = [button("Older", "audit.older", page.id)] if page.older else []
    turns += [button("Newer", "audit.newer", page.id)] if page.newer else []
    return Message(title, (*blocks, actions(*turns)) if turns else tuple(blocks))


def _range(newest: int, oldest: int) -> str:
    return f"entry {newest}" if newest == oldest else f"entries {newest} to {oldest}"


def _line(entry: EntryRecord, *, everywhere: bool) -> str:
    sign, sentence = _said(entry)
    parts = [f"{sign} {when(entry.at)} {sentence}"]
    if entry.job:
        parts[0] += f" · {tick(entry.job)}"
    if everywhere and entry.cluster:
        parts[0] += f" · {escape(entry.cluster)}"
    if entry.detail:
        parts.append(_detail(entry))
    return ": ".join(parts)


def _said(entry: EntryRecord) -> tuple[str, str]:
    """An entry's sign and sentence, without its detail."""
    if entry.action in {"step", "ended"}:
        standing = entry.detail.partition(":")[0]
        return ENDS.get(standing, WAITING), "step" if entry.action == "step" else "ended"
    sign, form = LINES.get(entry.action, (WAITING, f"{{who}} *{_plain(entry.action)}* {{words}}"))
    words = tick(f"/swarm {entry.words}") if entry.words else ""
    return sign, form.format(who=_who(entry.by), words=words, cluster=escape(entry.cluster)).rstrip()


def _who(by: str) -> str:
    """A person; whatever else acts is one of Swarmbot's workers, whose names the export has."""
    return user(by) if _PERSON.fullmatch(by) else "Swarmbot"


def _detail(entry: EntryRecord) -> str:
    shown = _DIGEST.sub(lambda found: found[0][:SHORT], unescape(" ".join(entry.detail.split())))
    if len(shown) > LONGEST:
        shown = shown[: LONGEST - 1] + "…"
    shown = escape(shown)
    return _PEOPLE.sub(lambda found: user(found[0]), shown) if entry.action == "told secret" else shown


def _plain(action: str) -> str:
    return escape(action).replace("{", "").replace("}", "")
