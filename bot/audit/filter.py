"""The filter for entries of the audit log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

from bot.audit.entry import StoredEntry

MAX_CLOCK_SKEW_S: Final = 300.0
"""How much the writers' clocks may differ; a search by time continues this far."""
QUESTION: Final = '"question":true'


@dataclass(frozen=True, slots=True)
class Filter:
    """Matches entries by all given fields; "" and 0 match any. Times are unix seconds, inclusive."""

    by: str = ""
    node: str = ""
    command: str = ""
    cluster: str = ""
    job: str = ""
    since: float = 0.0
    until: float = 0.0
    no_questions: bool = False

    def fits(self, entry: StoredEntry) -> bool:
        """Return whether the entry matches."""
        return (
            all(not wanted or wanted == getattr(entry, name) for name, wanted in self._exact())
            and (not self.since or entry.at >= self.since)
            and (not self.until or entry.at <= self.until)
            and (not self.node or entry.concerns(self.node))
            and not (self.no_questions and entry.question)
        )

    def may_fit(self, text: str) -> bool:
        """Return whether an entry with this canonical JSON can match, without parsing it: most do not."""
        exact = all(not wanted or f'"{name}":{_quoted(wanted)}' in text for name, wanted in self._exact())
        return exact and _quoted(self.node)[1:-1] in text and not (self.no_questions and QUESTION in text)

    def begins_after(self, entry: StoredEntry) -> bool:
        """Return whether no earlier entry can match, even if the writers' clocks differ."""
        return bool(self.since) and entry.at < self.since - MAX_CLOCK_SKEW_S

    def _exact(self) -> tuple[tuple[str, str], ...]:
        return ("by", self.by), ("command", self.command), ("cluster", self.cluster), ("job", self.job)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


ANY: Final = Filter()
