"""Everything that each person typed and saw, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sandbox.slack.json_types import Json

Happening = Literal[
    "typed", "said", "clicked", "submitted", "posted", "edited", "deleted", "modal", "modal closed", "home", "error"
]


@dataclass(frozen=True)
class Seen:
    """One thing that happened before the eyes of ``to`` (user ids); ``private`` when one person alone saw it.

    ``files`` are the ids of the files and uploaded pictures in it.
    """

    number: int
    at: float
    kind: Happening
    who: str
    to: tuple[str, ...]
    private: bool
    channel: str
    ts: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    files: tuple[str, ...] = ()


@dataclass
class Transcript:
    """The list, oldest first."""

    entries: list[Seen] = field(default_factory=list)

    def seen_by(self, user: str) -> list[Seen]:
        """Return what a person typed and saw."""
        return [entry for entry in self.entries if user in entry.to]


def as_text(entry: Seen, name_of: Callable[[str], str]) -> str:
    """Return an entry for a terminal: where, who, what, and for whose eyes alone."""
    head = f"{name_of(entry.channel)} · {name_of(entry.who)}" if entry.channel else name_of(entry.who)
    if entry.private and entry.kind not in {"typed", "clicked", "submitted"}:
        head += f" → only {name_of(entry.to[0])}"
    sign = "" if entry.kind in {"typed", "said", "posted"} else f" ({entry.kind})"
    body = "\n".join(f"    {line}" for line in entry.text.splitlines())
    return f"{head}{sign}\n{body}"
