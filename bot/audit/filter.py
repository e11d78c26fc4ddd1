"""Which entries of the audit log are wanted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from bot.audit.entry import Stored

CLOCK_SKEW: Final = 300.0
"""Seconds by which writers' clocks may differ; a search by time goes on this far before it stops."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Entries that fit all that is given; "" and 0 mean any. Times are unix seconds, both included."""

    by: str = ""
    node: str = ""
    command: str = ""
    cluster: str = ""
    job: str = ""
    since: float = 0.0
    until: float = 0.0

    def fits(self, entry: Stored) -> bool:
        """Whether the entry is wanted."""
        return (
            all(not wanted or wanted == getattr(entry, name) for name, wanted in self._exact())
            and (not self.since or entry.at >= self.since)
            and (not self.until or entry.at <= self.until)
            and (not self.node or entry.concerns(self.node))
        )

    def may_fit(self, text: str) -> bool:
        """Whether an entry of this canonical JSON can be wanted, told without reading it: most are not."""
        exact = all(not wanted or f'"{name}":{_quoted(wanted)}' in text for name, wanted in self._exact())
        return exact and _quoted(self.node)[1:-1] in text

    def begins_after(self, entry: Stored) -> bool:
        """Whether nothing before this entry can be wanted, whosever clock it was written by."""
        return bool(self.since) and entry.at < self.since - CLOCK_SKEW

    def _exact(self) -> tuple[tuple[str, str], ...]:
        return ("by", self.by), ("command", self.command), ("cluster", self.cluster), ("job", self.job)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


ANY: Final = Filter()
