"""The transcript: everything that people typed and saw, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from sandbox.slack.base import Json

EntryKind = Literal[
    "typed", "said", "clicked", "submitted", "posted", "edited", "deleted", "modal", "modal closed", "home", "error"
]


@dataclass(frozen=True)
class TranscriptEntry:
    """One action or message, and who saw it."""

    number: int
    """1 for the first entry."""
    at: float
    """Slack's time in seconds since the epoch."""
    kind: EntryKind
    who: str
    """The user id of the author."""
    to: tuple[str, ...]
    """The user ids of those who saw it."""
    private: bool
    """Whether only one person saw it."""
    channel: str
    ts: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    files: tuple[str, ...] = ()
    """The ids of the files and uploaded images in it."""
    response_url: str = ""
    """The last part of the path of the response_url of the command or press that it answers; empty if it came by the
    Web API."""


@dataclass
class Transcript:
    """All entries, oldest first."""

    entries: list[TranscriptEntry] = field(default_factory=list)

    def seen_by(self, user: str) -> list[TranscriptEntry]:
        """Return the entries that a person typed or saw."""
        return [entry for entry in self.entries if user in entry.to]


def as_text(entry: TranscriptEntry, name_of: Callable[[str], str]) -> str:
    """Return an entry as text: channel, author, the reader of a private message, and the content."""
    head = f"{name_of(entry.channel)} · {name_of(entry.who)}" if entry.channel else name_of(entry.who)
    if entry.private and entry.kind not in {"typed", "clicked", "submitted"}:
        head += f" → only {name_of(entry.to[0])}"
    sign = "" if entry.kind in {"typed", "said", "posted"} else f" ({entry.kind})"
    body = "\n".join(f"    {line}" for line in entry.text.splitlines())
    return f"{head}{sign}\n{body}"
