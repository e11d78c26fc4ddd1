"""What people and engines wrote changes no list of jobs, no audit entry and no freeze but in its words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from dataclasses import replace as with_fields
from typing import Any

from hypothesis import given, settings

from bot.audit import Entry
from bot.blocks import Message
from bot.commands import FreezeCluster, ThawCluster
from bot.freeze import run_freeze_command
from bot.model import Freeze
from bot.model.records import JobRecord
from handlers.audit import LINES, TYPED_DETAIL, AuditArguments, audit
from handlers.jobs import JobArguments, JobsArguments, job, jobs
from tests.kits.commands import record_answer
from tests.kits.examples import examples
from tests.kits.hostile_text import NOT_BLANK, markup_of, replaced
from tests.unit.handlers.test_audit_lines import EMPTY, entry

FEW = settings(max_examples=examples(90), deadline=None)
WRITTEN = frozenset({"words", "worker", "untold", "detail", "reason"})
"""The fields of records that hold what people typed, and what Slack and hosts reported."""
STATES = ("queued", "running", "awaiting_approval", "succeeded", "refused", "failed")
NOW = 1_793_500_000.0


@FEW
@given(NOT_BLANK)
def test_jobs_are_shown_as_plain_text(text: str) -> None:
    """Neither the list nor one job has a line, a mention or bold text that Swarmbot did not write."""
    found = [
        JobRecord(
            "k7f3",
            state,
            "x",
            "prod",
            "U0ADA",
            1.0,
            2.0,
            3.0,
            outcome="done",
            cancel_by="U0DAN",
            untold="x",
        )
        for state in STATES
    ]

    def shown(text: str) -> list[Message]:
        written = replaced(tuple(found), WRITTEN, text)
        each = [record_answer(job, with_fields(EMPTY, job=one), JobArguments("k7f3")) for one in written]
        return [*each, record_answer(jobs, with_fields(EMPTY, jobs=written), JobsArguments())]

    assert [markup_of(message) for message in shown(text)] == [markup_of(message) for message in shown("x")]


@FEW
@given(NOT_BLANK, NOT_BLANK)
def test_audit_entries_are_shown_as_plain_text(words: str, detail: str) -> None:
    """One line for each entry, with any order and any reason."""

    def shown(words: str, detail: str) -> Message:
        entries = [entry(action, "U0ADA", detail * (action in TYPED_DETAIL), words) for action in LINES]
        return record_answer(audit, with_fields(EMPTY, entries=tuple(entries)), AuditArguments())

    assert markup_of(shown(words, detail)) == markup_of(shown("x", "x"))


@dataclass
class _Freezes:
    """What a freeze command finds; it stores nothing."""

    set_by_hand: Freeze | None
    planned: Freeze | None

    def kept(self, cluster: str) -> Freeze | None:
        """Return the freeze that a person set."""
        del cluster
        return self.set_by_hand

    def scheduled(self, cluster: str, now: float) -> Freeze | None:
        """Return the freeze of swarmbot.yml."""
        del cluster, now
        return self.planned

    def freeze(self, *_: Any, **__: Any) -> bool:
        """Return whether no other freeze was set meanwhile."""
        return True

    def thaw(self, *_: Any) -> bool:
        """Return whether there was a freeze."""
        return self.set_by_hand is not None


@FEW
@given(NOT_BLANK)
def test_a_freeze_is_announced_as_plain_text(text: str) -> None:
    """Its reason forges no line of the announcement, and none of the answers."""

    def shown(reason: str) -> list[Message]:
        held = Freeze("prod", NOW + 3600, "U0DAN", reason)
        results = [
            run_freeze_command(freezes, order, "prod", Entry("asked", "U0ADA", cluster="prod"), NOW)
            for order, freezes in _orders(FreezeCluster("1h", reason), ThawCluster(), held)
        ]
        assert [bool(result.announcement) for result in results] == [True, False, True, True]
        return [message for result in results for message in result if message]

    assert [markup_of(message) for message in shown(text)] == [markup_of(message) for message in shown("x")]


def _orders(freeze: FreezeCluster, thaw: ThawCluster, held: Freeze) -> list[tuple[FreezeCluster | ThawCluster, Any]]:
    """Return a freeze, the same one again, a thaw while swarmbot.yml freezes the cluster too, and a shorter freeze."""
    shorter = replace(freeze, until="30m")
    free, frozen, twice = _Freezes(None, None), _Freezes(held, None), _Freezes(held, held)
    return [(freeze, free), (freeze, frozen), (thaw, twice), (shorter, frozen)]
