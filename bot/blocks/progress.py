"""The live card of a job: a message that is edited while the job runs, and again when it has ended."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any, Final, Literal

from bot.blocks import limits
from bot.blocks.elements import actions, context, paragraphs, section
from bot.blocks.message import Block, Message
from bot.text.mrkdwn import plain_title

Sign = Literal["✓", "▸", "·", "!", "✗"]
DONE: Final = "✓"
RUNNING: Final = "▸"
WAITING: Final = "·"
WARNING: Final = "!"
FAILED: Final = "✗"

MAX_LINES: Final = 40
MAX_TITLE_CHARS: Final = 150
WORDS: Final[dict[Sign, str]] = {
    DONE: "done",
    RUNNING: "running",
    WAITING: "waiting",
    WARNING: "warning",
    FAILED: "failed",
}
STATUS: Final[dict[Sign, str]] = {
    DONE: "complete",
    RUNNING: "in_progress",
    WAITING: "pending",
    FAILED: "error",
}
URGENCY: Final[dict[Sign, int]] = {FAILED: 0, WARNING: 1, RUNNING: 2, WAITING: 3, DONE: 4}
MENTION = re.compile(r"<[^|>]*\|([^>]*)>|<([^>]*)>")


@dataclass(frozen=True, slots=True)
class Line:
    """One step: its sign and what it is, in mrkdwn."""

    sign: Sign
    text: str


def progress(title: str, lines: Sequence[Line], footer: str = "", buttons: Sequence[dict[str, Any]] = ()) -> Message:
    """Return a job's card: Slack's ``plan`` of ``task_card``s, and sections for a Slack without them.

    A warning is no task, for which Slack has a sign of its own: it is written below the plan, and not counted as done.
    Of more than 40 lines, failed and running ones are kept first, then the next to run; the rest is counted.
    """
    shown, left_out = _chosen(lines)
    end: list[Block] = []
    if left_out or footer:
        end.append(context(*(text for text in (left_out, footer) if text)))
    if buttons:
        end.append(actions(*buttons))
    tasks = [line for line in shown if line.sign != WARNING]
    plan = [_plan(lines, tasks)] if tasks else []
    warnings = paragraphs(f"{WARNING} {line.text}" for line in shown if line.sign == WARNING)
    written = paragraphs(f"{line.sign} {line.text}" for line in shown)
    return Message(title, (section(title), *plan, *warnings, *end), (section(title), *written, *end))


def _chosen(lines: Sequence[Line]) -> tuple[list[Line], str]:
    by_urgency = sorted(range(len(lines)), key=lambda index: URGENCY[lines[index].sign])
    kept = set(by_urgency[:MAX_LINES])
    left = Counter(line.sign for index, line in enumerate(lines) if index not in kept)
    counts = ", ".join(f"{left[sign]} more {word}" for sign, word in WORDS.items() if left[sign])
    return [line for index, line in enumerate(lines) if index in kept], f"and {counts}" if counts else ""


def _plan(lines: Sequence[Line], shown: Sequence[Line]) -> Block:
    counts = Counter(line.sign for line in lines if line.sign != WARNING)
    summary = f"{counts[DONE]} of {counts.total()} done"
    failed = f", {counts[FAILED]} failed" if counts[FAILED] else ""
    return {
        "type": "plan",
        "title": summary + failed,
        "tasks": [_task(number, line) for number, line in enumerate(shown, 1)],
    }


def _task(number: int, line: Line) -> Block:
    title, rest = _title_and_rest(_bare(line.text))
    task: Block = {
        "type": "task_card",
        "task_id": str(number),
        "title": title or WORDS[line.sign],
        "status": STATUS[line.sign],
    }
    return task | {"details": _rich_text(rest)} if rest else task


def _title_and_rest(text: str) -> tuple[str, str]:
    """Return a title, and the rest of a text that is too long for one: cut between words, if it has several."""
    if len(text) <= MAX_TITLE_CHARS:
        return text, ""
    head = text[: MAX_TITLE_CHARS - 1]
    head = head.rpartition(" ")[0] or head
    return f"{head}…", f"…{text[len(head) :]}"


def _rich_text(text: str) -> Block:
    return {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}],
    }


def _bare(text: str) -> str:
    """Return mrkdwn as plain text, for the title of a task."""
    named = MENTION.sub(lambda match: match[1] or match[2], text)
    parts = named.split("`")  # every second one is code, where * is no markup
    unmarked = "".join(part if place % 2 else part.replace("*", "") for place, part in enumerate(parts))
    return plain_title(unescape(unmarked), limits.SECTION_CHARS)
