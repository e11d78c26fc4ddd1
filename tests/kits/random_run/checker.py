"""The judge of a random run, with the rules about orders, messages and the audit log.

Pure: a history goes in, violations come out. Each rule has a test in which it fires
(tests/unit/random_run/test_checker.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from tests.kits.random_run.cluster_rules import CLUSTER_RULES
from tests.kits.random_run.history import ENDED, History, JobRecord
from tests.kits.random_run.lookups import Rule, Run, Violation, is_open

TICK: Final = re.compile(r"^✓ (?!\*?Approved)", re.MULTILINE)
CROSS: Final = re.compile(r"^✗ \*", re.MULTILINE)


def judge(history: History) -> list[Violation]:
    """Return all violations of all rules."""
    run = Run(history)
    return [violation for rule in RULES for violation in rule(run)]


def _unanswered(run: Run) -> Iterator[Violation]:
    """Every command that Slack got a 200 for showed something at once, or is a job."""
    for each in run.history.requests:
        if each.typed and each.acknowledged and not each.reply and not each.job:
            yield Violation("unanswered", each.words, f"of {each.user}, acknowledged, is no job and showed nothing")


def _not_ended(run: Run) -> Iterator[Violation]:
    """Every job ends."""
    for job in run.history.jobs:
        if job.state not in ENDED:
            yield Violation("not ended", job.id, f"{job.words} is {job.state}")


def _untold(run: Run) -> Iterator[Violation]:
    """The end of every job reached its requester."""
    for job in run.history.jobs:
        own_cancel = job.state == "cancelled" and job.cancel_by == job.requester
        if job.internal or job.state not in ENDED or job.id not in run.by_job or own_cancel:
            continue
        if not run.ends(job):
            yield Violation("untold", job.id, f"{job.words} {job.state}, and {job.requester} was not told")


def _left_open(run: Run) -> Iterator[Violation]:
    """The last state of each public message of an ended job is an end. Private ones cannot be edited later.

    A message whose id nobody could note is not edited: another one has the end.
    """
    for job in run.history.jobs:
        if job.state in ENDED:
            cards = run.cards(job)
            newest = max((each.at for each in cards.values()), default=0.0)
            last = {each.ts: each for each in run.messages(job)}
            for shown in last.values():
                card = cards.get(shown.ts)
                unnoted = card is not None and card.at < newest and run.may_repeat(card.at)
                if is_open(shown) and not shown.deleted and not shown.private and not unnoted:
                    yield Violation("left open", job.id, f"{job.words} {job.state}, and a message says: {shown.text!r}")


def _wrong_end(run: Run) -> Iterator[Violation]:
    """No message says ✓ of a change that did not succeed, and the last word on one that succeeded is not ✗."""
    for job in run.history.jobs:
        if job.change and job.state in ENDED and not job.internal:
            ends = run.ends(job)
            if job.state != "succeeded" and (said := [each.text for each in ends if TICK.match(each.text)]):
                yield Violation("wrong end", job.id, f"{job.words} {job.state}, and a message says: {said[0]!r}")
            if job.state == "succeeded" and ends and CROSS.match(ends[-1].text):
                yield Violation("wrong end", job.id, f"{job.words} succeeded, and the last word is: {ends[-1].text!r}")


def _twice(run: Run) -> Iterator[Violation]:
    """One answer to a question, one card of a change, with its steps once, and one end in the audit log."""
    for text, posted in run.details():
        if run.repeated(posted):
            yield Violation("twice", text.partition(":")[0], f"was posted {len(posted)} times")
    for job in run.history.jobs:
        if job.internal:
            continue
        yield from _twice_answered(run, job)
        cards = run.cards(job).values()
        if run.repeated(each.at for each in cards):
            yield Violation("twice", job.id, f"{job.words} has {len(cards)} cards")
        ends = [each for each in run.history.audit if each.job == job.id and each.action == "ended"]
        if len(ends) > 1:
            yield Violation("twice", job.id, f"the audit log has {len(ends)} ends: {[each.detail for each in ends]}")


def _twice_answered(run: Run, job: JobRecord) -> Iterator[Violation]:
    private = [each for each in run.ends(job) if each.private]
    for first, second in pairwise(private):
        again = second.text == first.text or not (job.change or "*Approved*" in first.text)
        if again and second.ts != first.ts and not run.may_repeat(first.at):
            yield Violation("twice", job.id, f"{job.words} was answered twice: {first.text!r} and {second.text!r}")


def _two_jobs(run: Run) -> Iterator[Violation]:
    """One request is one job, and every job that was not internal comes of a request."""
    for job in run.history.jobs:
        if not job.internal and job.id not in run.by_job:
            yield Violation("two jobs", job.id, f"{job.words} of {job.requester} is the job of no request")


def _not_audited(run: Run) -> Iterator[Violation]:
    """The audit log is valid, and has the beginning and the end of every job."""
    if run.history.audit_problem:
        yield Violation("audit", "chain", run.history.audit_problem)
    actions: dict[str, set[str]] = {}
    for entry in run.history.audit:
        actions.setdefault(entry.job, set()).add(entry.action)
    for job in run.history.jobs:
        had = actions.get(job.id, set())
        if not job.internal and "asked" not in had:
            yield Violation("audit", job.id, f"{job.words} was asked, and the audit log does not say so")
        if job.state in {"succeeded", "failed"} and not had & {"ended", "void"}:
            yield Violation("audit", job.id, f"{job.words} {job.state}, and the audit log has no end")


def _leaked(run: Run) -> Iterator[Violation]:
    """No secret is stored or shown to others."""
    for place in run.history.leaks:
        yield Violation("leak", place, "holds a secret")


def _defects(run: Run) -> Iterator[Violation]:
    """No process logged a traceback."""
    for line in run.history.tracebacks:
        yield Violation("traceback", "log", line)


RULES: Final[tuple[Rule, ...]] = (
    _unanswered,
    _not_ended,
    _untold,
    _left_open,
    _wrong_end,
    _twice,
    _two_jobs,
    _not_audited,
    _leaked,
    _defects,
    *CLUSTER_RULES,
)
