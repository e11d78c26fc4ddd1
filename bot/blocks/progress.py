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
from bot.text.mrkdwn import clock, plain_title
from bot.text.suggest import number_of

Sign = Literal["✓", "▸", "·", "!", "✗"]
DONE: Final = "✓"
RUNNING: Final = "▸"
WAITING: Final = "·"
WARNING: Final = "!"
FAILED: Final = "✗"

MAX_LINES: Final = 8
"""A card fits on a phone."""
MAX_WARNINGS: Final = 4
"""At most this many warnings are shown if there are other lines: a card also shows what runs."""
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
    """One step or finding: its sign and what it is, in mrkdwn. Times are unix seconds, 0.0 for none."""

    sign: Sign
    text: str
    began: float = 0.0
    ended: float = 0.0

    @property
    def timed(self) -> str:
        """Its sign and text, and of a step when it began and how long it took."""
        took = f" · {self.ended - self.began:.1f}\u00a0s" if self.ended else ""
        return f"{self.sign} {self.text} · {clock(self.began)}{took}" if self.began else f"{self.sign} {self.text}"


def progress(
    title: str, lines: Sequence[Line], footer: str = "", buttons: Sequence[dict[str, Any]] = (), *, rest: str = ""
) -> Message:
    """Return a job's card: Slack's ``plan`` of ``task_card``s, and sections for a Slack without them.

    A warning is no task, for which Slack has a sign of its own: it is written below the plan, and not counted as done.
    Of many lines 8 are shown: failed and running ones first, then the next to run, then what was done last. The others
    are counted, with ``rest``, which says where they are.
    """
    shown, left_out = _chosen(lines)
    left_out = f"{left_out}: {rest}" if left_out and rest else left_out
    end: list[Block] = []
    if left_out or footer:
        end.append(context(" · ".join(text for text in (left_out, footer) if text)))
    if buttons:
        end.append(actions(*buttons))
    tasks = [line for line in shown if line.sign != WARNING]
    plan = [_plan(lines, tasks)] if tasks else []
    warnings = paragraphs(f"{WARNING} {line.text}" for line in shown if line.sign == WARNING)
    written = paragraphs(f"{line.sign} {line.text}" for line in shown)
    return Message(title, (section(title), *plan, *warnings, *end), (section(title), *written, *end))


def is_shown_whole(lines: Sequence[Line], footer: str) -> bool:
    """Return whether a card shows all of this: it leaves out no line and cuts none."""
    return _fit(lines) and all(len(text) <= limits.SECTION_CHARS for text in (footer, *(line.text for line in lines)))


def _fit(lines: Sequence[Line]) -> bool:
    """Return whether a card shows all lines: one more line than fits needs no more space than its count would."""
    return len(lines) <= MAX_LINES + 1


def _chosen(lines: Sequence[Line]) -> tuple[list[Line], str]:
    later_warnings = [index for index, line in enumerate(lines) if line.sign == WARNING][MAX_WARNINGS:]

    def rank(index: int) -> tuple[bool, int, float]:
        line = lines[index]
        return index in later_warnings, URGENCY[line.sign], -line.ended if line.sign == DONE else 0.0

    chosen = set(range(len(lines)) if _fit(lines) else sorted(range(len(lines)), key=rank)[:MAX_LINES])
    left = Counter(line.sign for index, line in enumerate(lines) if index not in chosen)
    counts = ", ".join(
        number_of(left[sign], "more warning") if sign == WARNING else f"{left[sign]} more {word}"
        for sign, word in WORDS.items()
        if left[sign]
    )
    return [line for index, line in enumerate(lines) if index in chosen], f"and {counts}" if counts else ""


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
