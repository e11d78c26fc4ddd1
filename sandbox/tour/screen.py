"""What people typed and saw, printed: messages as they stand in the end, private ones marked with whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sandbox.slack.transcript import Seen
from sandbox.tour.ink import Ink
from sandbox.tour.words import masked, readable

_MESSAGE: Final = frozenset({"posted", "edited", "deleted"})


@dataclass(frozen=True)
class Shown:
    """One entry as it stands after ``edits``; ``gone`` when it was deleted."""

    entry: Seen
    edits: int = 0
    gone: bool = False


def settled(entries: Iterable[Seen]) -> list[Shown]:
    """Return each message once, where it first appeared, with its last content; all else as it was."""
    shown: dict[str, Shown] = {}
    for entry in entries:
        key = entry.ts if entry.kind in _MESSAGE else f"#{entry.number}"
        before = shown.get(key)
        if before is None:
            shown[key] = Shown(entry, gone=entry.kind == "deleted")
        elif entry.kind == "deleted":
            shown[key] = replace(before, gone=True)
        else:
            shown[key] = Shown(entry, before.edits + 1)
    return list(shown.values())


@dataclass(frozen=True)
class Screen:
    """Prints with ``ink``, ids as ``names``; ``whole`` shows secrets to the last character."""

    names: Mapping[str, str]
    ink: Ink
    whole: bool = False

    def lines(self, entries: Iterable[Seen]) -> Iterator[str]:
        """Return what happened, ready to be printed."""
        for shown in settled(entries):
            yield from self._lines(shown)

    def _lines(self, shown: Shown) -> Iterator[str]:
        entry = shown.entry
        place = self._name(entry.channel) if entry.channel else "Home"
        who = self.ink.person(self._name(entry.who).lstrip("@"))
        if entry.kind in {"typed", "said"}:
            yield f"    {self.ink.dim(place)}  {who}  {self.ink.bold(entry.text)}"
        elif entry.kind in {"clicked", "submitted"}:
            yield f"    {self.ink.dim(place)}  {who}  presses {self.ink.bold(entry.text)}"
        else:
            yield ""
            yield f"      {self._heading(shown, place)}"
            yield from self._body(shown)

    def _heading(self, shown: Shown, place: str) -> str:
        entry = shown.entry
        reader = self._name(entry.to[0]).lstrip("@") if entry.to else ""
        if entry.kind == "error":
            return self.ink.bad(f"Slack shows {reader}")
        if shown.gone:
            whose = f"{reader}'s" if entry.private else "everybody's"
            return self.ink.private(f"gone from {whose} screen")
        if entry.kind == "modal":
            return self.ink.private(f"a form is open for {reader}")
        if entry.kind == "modal closed":
            return self.ink.private(f"{reader}'s form is closed")
        if entry.private:
            return self.ink.private(f"only {reader} sees{_followed(shown)}")
        return f"everybody in {place} sees{_followed(shown)}"

    def _body(self, shown: Shown) -> Iterator[str]:
        entry = shown.entry
        bar = self.ink.private("│") if entry.private else "│"
        if shown.gone:
            return
        parts: list[Mapping[str, Any] | str] = [*entry.blocks] or [entry.text]
        for block in parts:
            for line, breaks in readable(block, self.names, self.ink):
                told = line if self.whole else masked(line)
                for row in self.ink.wrapped(told, 8) if breaks else [told]:
                    yield f"      {bar} {row}"

    def _name(self, key: str) -> str:
        return self.names.get(key, key)


def _followed(shown: Shown) -> str:
    if not shown.edits:
        return ""
    return f", after {shown.edits} edit{'s' * (shown.edits > 1)} while it ran"
