"""Prints what people typed and saw: messages in their last state, private ones with their reader.

Slack's notation is translated: names for ids, bold for stars, columns for tables.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sandbox.slack.render import flat, lines
from sandbox.slack.transcript import TranscriptEntry
from sandbox.tour.terminal import TerminalStyle

_NAME: Final = re.compile(r"<(?:@|#|!subteam\^)(\w+)(?:\|[^>]*)?>")
_DATE: Final = re.compile(r"<!date\^[^|>]*\|([^>]*)>")
_LINK: Final = re.compile(r"<(https?://[^|>]+)(?:\|([^>]*))?>")
_BOLD: Final = re.compile(r"(?<![\w*`])\*([^*\n]+)\*(?![\w*`])")
_SECRET: Final = re.compile(r"(SWM(?:TKN|KEY)-1-\w{4})[\w+/=-]*")
_MESSAGE_KINDS: Final = frozenset({"posted", "edited", "deleted"})


@dataclass(frozen=True)
class FinalState:
    """A transcript entry in its last state."""

    entry: TranscriptEntry
    edits: int = 0
    deleted: bool = False


def final_states(entries: Iterable[TranscriptEntry]) -> list[FinalState]:
    """Return each message once, at its first position, with its last content; all other entries unchanged."""
    states: dict[str, FinalState] = {}
    for entry in entries:
        key = entry.ts if entry.kind in _MESSAGE_KINDS else f"#{entry.number}"
        before = states.get(key)
        if before is None:
            states[key] = FinalState(entry, deleted=entry.kind == "deleted")
        elif entry.kind == "deleted":
            states[key] = replace(before, deleted=True)
        else:
            states[key] = FinalState(entry, before.edits + 1)
    return list(states.values())


@dataclass(frozen=True)
class TranscriptPrinter:
    """Turns transcript entries into lines for a terminal."""

    names: Mapping[str, str]
    """Names of people, channels and groups by Slack id."""
    style: TerminalStyle
    show_secrets: bool = False
    """True shows join tokens and unlock keys in full."""

    def lines(self, entries: Iterable[TranscriptEntry]) -> Iterator[str]:
        """Return the lines to print."""
        for state in final_states(entries):
            yield from self._lines_of(state)

    def _lines_of(self, state: FinalState) -> Iterator[str]:
        entry = state.entry
        place = self._name(entry.channel) if entry.channel else "Home"
        who = self.style.person(self._name(entry.who).lstrip("@"))
        if entry.kind in {"typed", "said"}:
            yield f"    {self.style.dim(place)}  {who}  {self.style.bold(entry.text)}"
        elif entry.kind in {"clicked", "submitted"}:
            yield f"    {self.style.dim(place)}  {who}  presses {self.style.bold(entry.text)}"
        else:
            yield ""
            yield f"      {self._heading(state, place)}"
            yield from self._body(state)

    def _heading(self, state: FinalState, place: str) -> str:
        entry = state.entry
        reader = self._name(entry.to[0]).lstrip("@") if entry.to else ""
        if entry.kind == "error":
            return self.style.bad(f"Slack shows {reader} an error")
        if state.deleted:
            whose = f"{reader}'s" if entry.private else "everybody's"
            return self.style.private(f"deleted from {whose} screen")
        if entry.kind == "modal":
            return self.style.private(f"a form opens for {reader}")
        if entry.kind == "modal closed":
            return self.style.private(f"{reader}'s form closes")
        if entry.private:
            return self.style.private(f"only {reader} sees{_edits(state)}")
        return f"everybody in {place} sees{_edits(state)}"

    def _body(self, state: FinalState) -> Iterator[str]:
        entry = state.entry
        bar = self.style.private("│") if entry.private else "│"
        if state.deleted:
            return
        parts: list[Mapping[str, Any] | str] = [*entry.blocks] or [entry.text]
        for part in parts:
            for line, breakable in readable_lines(part, self.names, self.style):
                text = line if self.show_secrets else mask_secrets(line)
                for row in self.style.wrap(text, 8) if breakable else [text]:
                    yield f"      {bar} {row}"

    def _name(self, key: str) -> str:
        return self.names.get(key, key)


def readable_lines(
    part: Mapping[str, Any] | str, names: Mapping[str, str], style: TerminalStyle
) -> Iterator[tuple[str, bool]]:
    """Return the lines of a block or a text, each with whether it may be broken: tables and code may not."""
    if not isinstance(part, str) and part["type"] in {"table", "data_table"}:
        yield from ((line, False) for line in _columns(part["rows"]))
        return
    written = part if isinstance(part, str) else "\n".join(line for line in lines([dict(part)]) if line)
    for number, piece in enumerate(written.split("```")):
        code = number % 2 == 1
        for line in filter(str.strip, piece.splitlines()):
            plain = _plain(line, names)
            yield (plain, False) if code else (_emphasized(plain, style), True)


def mask_secrets(text: str) -> str:
    """Return ``text`` with only the first characters of each join token and unlock key."""
    return _SECRET.sub(r"\1… (the rest is hidden here)", text)


def _plain(line: str, names: Mapping[str, str]) -> str:
    line = _NAME.sub(lambda found: names.get(found[1], found[0]), line)
    line = _DATE.sub(r"\1", line)
    return html.unescape(_LINK.sub(lambda found: found[2] or found[1], line))


def _emphasized(line: str, style: TerminalStyle) -> str:
    """Return the line with each bold word formatted on its own, so that the line may break between words."""
    return _BOLD.sub(lambda found: " ".join(style.bold(word) for word in found[1].split(" ")), line)


def _columns(rows: list[list[Any]]) -> Iterator[str]:
    cells = [[flat(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]
    for row in cells:
        yield "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _edits(state: FinalState) -> str:
    if not state.edits:
        return ""
    return f", after {state.edits} edit{'s' * (state.edits > 1)} while it ran"
