"""`/swarm audit`: who requested what, and the result."""

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
    context,
    escape,
    order_text,
    paragraphs,
    plain_line,
    section,
    tick,
    user,
    when,
)
from bot.commands import COMMAND, PAST, PERSON, Flag, number, record, text
from bot.model.records import MAX_MATCHES, EntryFilter, EntryRecord, Records, RecordsQuery

MAX_DETAIL_CHARS: Final = 160
"""A line shows this much of a detail; the export has all of it."""
DIGEST_CHARS: Final = 6
TYPED_DETAIL: Final = frozenset({"asked", "denied", "froze"})
"""Actions whose detail people typed: shown as plain text. The other details are Swarmbot's own sentences."""
PEOPLE_DETAIL: Final = frozenset({"told secret", "replaced freeze"})
"""Actions whose detail names people by their ids."""
_DIGEST: Final = re.compile(r"\b[0-9a-f]{16,}\b")
_PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,}")
_PEOPLE: Final = re.compile(r"\b[UW](?=[A-Z0-9]*[0-9])[A-Z0-9]{3,}\b")

LINES: Final[dict[str, tuple[str, str]]] = {
    "asked": (WAITING, "{who} requested {words}"),
    "refused": (FAILED, "{who} was refused {words}"),
    "planned": (WAITING, "planned"),
    "approval asked": (WAITING, "{words} waits for approval"),
    "message not delivered": (WARNING, "a message was not delivered"),
    "webhook not delivered": (WARNING, "a webhook was not delivered"),
    "shown": (WAITING, "approval card shown"),
    "approved by one": (DONE, "{who} approved"),
    "vote refused": (WARNING, "{who}'s vote did not count"),
    "approved": (DONE, "approved, last by {who}"),
    "confirmation asked": (WAITING, "{words} waits until its requester confirms it"),
    "proceeded": (DONE, "{who} confirmed {words}"),
    "denied": (FAILED, "{who} denied {words}"),
    "withdrawn": (FAILED, "{who} withdrew {words}"),
    "expired": (FAILED, "approval expired"),
    "void": (WARNING, "approval void"),
    "started": (RUNNING, "started"),
    "promised": (WAITING, "rotation scheduled"),
    "told secret": (WARNING, "secret shown"),
    "secret not told": (WARNING, "secret not shown"),
    "cancelled": (FAILED, "{who} cancelled {words}"),
    "froze": (WARNING, "{who} froze {cluster}"),
    "replaced freeze": (WARNING, "{who} replaced the freeze of {cluster}"),
    "thawed": (WARNING, "{who} thawed {cluster}"),
    "freeze ended": (WARNING, "the freeze of {cluster} ended"),
    "share": (WAITING, "{who} shared the answer"),
    "hide": (WAITING, "{who} hid a private message"),
}
"""The sign and the sentence of each action."""
DECISIONS: Final = frozenset({"proceeded", "denied", "withdrawn", "cancelled"})
"""Actions whose sentence needs an object, also in an entry without the words of the order."""
STATE_SIGNS: Final = {
    "succeeded": DONE,
    "done": DONE,
    "refused": FAILED,
    "failed": FAILED,
    "cancelled": FAILED,
    "running": RUNNING,
}


@dataclass(frozen=True, slots=True)
class AuditArguments:
    """The arguments of ``audit``."""

    by: Annotated[str, Flag(PERSON, "entries by this person")] = ""
    node: Annotated[str, Flag(text("NODE"), "entries that name this host or node")] = ""
    command: Annotated[str, Flag(COMMAND, "entries of this command, questions too")] = ""
    job: Annotated[str, Flag(text("ID"), "entries of this job, questions too")] = ""
    since: Annotated[str, Flag(PAST, "the oldest entry to show: `2d` ago, or a date or time")] = ""
    until: Annotated[str, Flag(PAST, "the newest entry to show: `2h` ago, or a date or time")] = ""
    all: Annotated[bool, Flag(None, "questions too; without it: changes, votes and refusals")] = False
    last: Annotated[int, Flag(number("N", 1, 40), "entries per page")] = 15
    export: Annotated[bool, Flag(None, "send all of them as files, only to you")] = False


def _query(arguments: AuditArguments) -> RecordsQuery:
    wanted = EntryFilter(
        by=arguments.by,
        node=arguments.node,
        command=arguments.command,
        job=arguments.job.lower(),
        since=arguments.since,
        until=arguments.until,
        count=arguments.last,
        questions=arguments.all or arguments.export or bool(arguments.command or arguments.job),
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
    """Return a line for each entry, newest first, with buttons for the next and the previous page."""
    page = records.page
    hint = () if page.questions else (context("Changes, votes and refusals. `--all` shows questions too."),)
    if not records.entries:
        return Message("No audit entry matches.", (section("No audit entry matches."), *hint))
    newest, oldest = records.entries[0].seq, records.entries[-1].seq
    scope = records.cluster or "all clusters"
    title = f"Audit log of {scope} · {_matches(page.matches)} · {_range(newest, oldest)}"
    lines = [_line(entry, everywhere=not records.cluster) for entry in records.entries]
    blocks = [*paragraphs([f"*{plain_line(title)}*", *lines]), *hint]
    page_buttons = [button("Older", "audit.older", page.id)] if page.older else []
    page_buttons += [button("Newer", "audit.newer", page.id)] if page.newer else []
    return Message(title, (*blocks, actions(*page_buttons)) if page_buttons else tuple(blocks))


def _matches(count: int) -> str:
    return f"more than {MAX_MATCHES} match" if count > MAX_MATCHES else "1 matches" if count == 1 else f"{count} match"


def _range(newest: int, oldest: int) -> str:
    return f"entry {newest}" if newest == oldest else f"entries {newest} to {oldest}"


def _line(entry: EntryRecord, *, everywhere: bool) -> str:
    sign, sentence = _sentence(entry)
    parts = [f"{sign} {when(entry.at, with_seconds=True)} {sentence}"]
    if entry.job:
        parts[0] += f" · {tick(entry.job)}"
    if everywhere and entry.cluster:
        parts[0] += f" · {plain_line(entry.cluster)}"
    if entry.detail:
        parts.append(_detail(entry))
    return ": ".join(parts)


def _sentence(entry: EntryRecord) -> tuple[str, str]:
    """Return the sign and the sentence of an entry, without its detail."""
    if entry.action in {"step", "ended"}:
        state = entry.detail.partition(":")[0]
        return STATE_SIGNS.get(state, WAITING), "step" if entry.action == "step" else "finished"
    sign, form = LINES.get(entry.action, (WAITING, f"{{who}} *{_plain(entry.action)}* {{words}}"))
    words = order_text(entry.words) if entry.words else "it" if entry.action in DECISIONS else ""
    return sign, form.format(who=_who(entry.by), words=words, cluster=plain_line(entry.cluster)).rstrip()


def _who(by: str) -> str:
    """Return a person's mention; everything else is a worker of Swarmbot, which the export names."""
    return user(by) if _PERSON.fullmatch(by) else "Swarmbot"


def _detail(entry: EntryRecord) -> str:
    shown = _DIGEST.sub(lambda found: found[0][:DIGEST_CHARS], unescape(" ".join(entry.detail.split())))
    if len(shown) > MAX_DETAIL_CHARS:
        shown = shown[: MAX_DETAIL_CHARS - 1] + "…"
    shown = plain_line(shown) if entry.action in TYPED_DETAIL else escape(shown)
    return _PEOPLE.sub(lambda found: user(found[0]), shown) if entry.action in PEOPLE_DETAIL else shown


def _plain(action: str) -> str:
    return plain_line(action).replace("{", "").replace("}", "")
