"""The judge of a random run. Pure: a history goes in, violations come out.

Each rule has a test in which it fires (tests/unit/random_run/test_checker.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from tests.kits.random_run.history import ENDED, History, JobRecord, Member, Request, Shown, Sighting

OPEN_BUTTONS: Final = ("[Cancel]", "[Approve]", "[Proceed]")
"""A message with one of them shows a job that has not ended."""
ACKNOWLEDGEMENTS: Final = ("On it: ", "Stored as job ")
"""So begins what is said of a job that was queued; by the response_url if the acknowledgement itself was late."""
INTERIM: Final = re.compile(r"The complete answer follows|\*Still working on it\*|The answer follows in ")
"""What is said before the answer: it ends no job."""
TICK: Final = re.compile(r"^✓ (?!\*?Approved)", re.MULTILINE)
CROSS: Final = re.compile(r"^✗ \*", re.MULTILINE)
NO_CHANGE: Final = "No change needed"
DOUBT_S: Final = 1.5
"""A worker that dies, stands still or loses Redis so soon after Slack took a message may not have noted it: the message
is sent again, and nobody can prevent it."""
DOUBTS_S: Final[Mapping[str, float]] = MappingProxyType(
    {
        **dict.fromkeys(("kill", "terminate", "stop", "slack loses answers"), DOUBT_S),
        **dict.fromkeys(("redis", "redis hangs", "redis slow", "redis full"), DOUBT_S),
        "slack hangs": 15.0,
    }
)
"""The same for each kind of fault. An answer that Slack keeps for 12 s comes after the time-out of whoever called."""
QUORUM_GRACE_S: Final = 5.0
"""Hosts that fail while a change is carried out: no gate can know that."""
GROWTH_MIB: Final = 48.0
MAX_THREADS: Final = 150
"""The web process has the most, 90."""
WARM_UP_S: Final = 60.0
"""After this time a process has its threads and caches, on a busy machine too."""
HOST: Final = re.compile(r"host-\d+")
HOST_FAULTS: Final = frozenset({"host", "cable", "engine hangs"})
"""Faults in which a manager does not vote."""
INCIDENT_TURNS: Final = frozenset({"incident opened", "incident reopened", "incident resolved"})
LOOSE_S: Final = 1.0
"""The difference between the times of jobs and those of sightings."""


@dataclass(frozen=True)
class Violation:
    """A broken rule."""

    rule: str
    about: str
    """The job, or the words of the request."""
    text: str

    def __str__(self) -> str:
        return f"{self.rule} · {self.about}: {self.text}"


Rule = Callable[["Run"], Iterator[Violation]]


class Run:
    """A history with its lookups."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.by_job: dict[str, Request] = {each.job: each for each in history.requests if each.job}
        self._urls = {each.response_url: each for each in history.requests if each.response_url}
        self._by_end = sorted(history.jobs, key=lambda job: job.finished_at or 0.0)
        self._messages: dict[str, list[Shown]] = {}
        for shown in history.shown:
            for job in self._jobs_of(shown):
                self._messages.setdefault(job, []).append(shown)

    @property
    def broken_off(self) -> set[str]:
        """The words of changes that failed or were cancelled in the middle: among them the hosts that they left so."""
        broken = [job for job in self.history.jobs if job.change and job.state in {"failed", "cancelled"}]
        return {word for job in broken for word in job.words.split()}

    def _jobs_of(self, shown: Shown) -> frozenset[str]:
        """Return the jobs whose message it is. An answer to another request may name a job, but ends it for nobody."""
        request = self._urls.get(shown.response_url)
        if INTERIM.search(shown.text):
            return frozenset()
        if request is None:
            return self._recognized(shown) if shown.private else shown.jobs
        if shown.text.startswith(ACKNOWLEDGEMENTS) or (request.typed and shown.text == request.reply):
            return frozenset()
        return frozenset({request.job} - {""})

    def _recognized(self, shown: Shown) -> frozenset[str]:
        """Return the job whose end a private message without a response_url tells, or else the jobs that it names.

        A worker sends it so if the response_url does not work. Of several jobs that ended alike it is the first untold.
        """
        alike = [
            job.id
            for job in self._by_end
            if job.said and job.requester in shown.to and (job.finished_at or 0.0) <= shown.at + LOOSE_S
            if job.said in shown.text or job.said in shown.title
        ]
        untold = [job for job in alike if job not in self._messages]
        return frozenset((untold or alike)[:1]) or shown.jobs

    def messages(self, job: JobRecord) -> list[Shown]:
        """Return the messages and edits of a job in order, without the acknowledgement."""
        return self._messages.get(job.id, [])

    def ends(self, job: JobRecord) -> list[Shown]:
        """Return what its requester saw of its end."""
        seen = (each for each in self.messages(job) if job.requester in each.to and not each.deleted)
        return [each for each in seen if not is_open(each)]

    def may_repeat(self, at: float) -> bool:
        """Return whether a process could not note that a message was taken at this time."""
        return any(
            fault.begin - doubt <= at <= fault.end + doubt
            for fault in self.history.disturbances
            if (doubt := DOUBTS_S.get(fault.kind))
        )


def is_open(shown: Shown) -> bool:
    """Return whether it shows a job that has not ended."""
    return any(button in shown.text for button in OPEN_BUTTONS)


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
            messages = run.messages(job)
            posted = {each.ts: each.at for each in reversed(messages) if not each.private}
            newest = max(posted.values(), default=0.0)
            last = {each.ts: each for each in messages}
            for shown in last.values():
                unnoted = run.may_repeat(posted.get(shown.ts, 0.0)) and posted[shown.ts] < newest
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


def _untrue(run: Run) -> Iterator[Violation]:
    """What a ✓ says was once so in the true cluster, between the job's start and the next sighting after its end."""
    for job in run.history.jobs:
        ended = job.state == "succeeded" and job.change and job.finished_at is not None
        if not ended or any(NO_CHANGE in each.text for each in run.ends(job)):
            continue
        seen = list(_sighted(run, job.started_at or job.asked_at, job.finished_at or 0.0))
        for claim in claims(job.words):
            if seen and not any(map(claim.holds, seen)):
                yield Violation("untrue", job.id, f"{job.words} succeeded, and it was never seen: {claim}")


def _sighted(run: Run, begin: float, end: float) -> Iterator[Mapping[str, Member]]:
    sightings = run.history.sightings
    for number, sighting in enumerate(sightings):
        until = sightings[number + 1].at if number + 1 < len(sightings) else float("inf")
        if sighting.at <= end + LOOSE_S and until >= begin - LOOSE_S:
            yield sighting.members


@dataclass(frozen=True)
class Claim:
    """What a ✓ says of one host. Empty parts say nothing."""

    host: str
    role: str = ""
    availability: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    member: bool = True

    def holds(self, members: Mapping[str, Member]) -> bool:
        """Return whether it is true of these members."""
        found = members.get(self.host)
        if found is None or not self.member:
            return found is None and not self.member
        alike = self.role in {"", found.role} and self.availability in {"", found.availability}
        return alike and self.labels.items() <= found.labels.items()


def claims(words: str) -> list[Claim]:
    """Return what the ✓ of a change claims, of each host that it names."""
    command, *rest = words.split()
    hosts = [word for word in rest if HOST.fullmatch(word)]
    labels = dict(word.split("=", 1) for word in rest if "=" in word and not word.startswith("-"))
    claim = {
        "drain": Claim("", availability="drain"),
        "pause": Claim("", availability="pause"),
        "activate": Claim("", availability="active"),
        "promote": Claim("", role="manager"),
        "demote": Claim("", role="worker"),
        "join": Claim("", role=rest[0] if rest else ""),
        "label": Claim("", labels=labels),
        "leave": Claim("", member=False),
        "remove": Claim("", member=False),
    }.get(command)
    return [replace(claim, host=host) for host in hosts] if claim else []


def _twice(run: Run) -> Iterator[Violation]:
    """One answer to a question, one card of a change, and one end in the audit log."""
    for job in run.history.jobs:
        if job.internal:
            continue
        yield from _twice_answered(run, job)
        posted: dict[str, Shown] = {}
        for shown in run.messages(job):
            if not shown.private and not shown.response_url:
                posted.setdefault(shown.ts, shown)
        if len(posted) > 1 and not any(run.may_repeat(each.at) for each in posted.values()):
            yield Violation("twice", job.id, f"{job.words} has {len(posted)} cards")
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


def _two_records(run: Run) -> Iterator[Violation]:
    """At the end every host has at most one record in the cluster.

    A change that failed or was cancelled in the middle may leave one, and says so.
    """
    for sighting in run.history.sightings[-1:]:
        for host, member in sighting.members.items():
            if member.records > 1 and host not in run.broken_off:
                yield Violation("two records", host, f"has {member.records} node records")


def _defects(run: Run) -> Iterator[Violation]:
    """No process logged a traceback."""
    for line in run.history.tracebacks:
        yield Violation("traceback", "log", line)


def _quorum_lost(run: Run) -> Iterator[Violation]:
    """No change of who is a manager leaves fewer managers within reach than a majority, if there was one before."""
    for before, after in pairwise(run.history.sightings):
        old, new = _managers(before), _managers(after)
        if new >= old:
            continue
        off = {
            fault.target
            for fault in run.history.disturbances
            if fault.kind in HOST_FAULTS and fault.begin + QUORUM_GRACE_S <= after.at <= fault.end
        }
        if _decides(old, off) and not _decides(new, off):
            what = f"{sorted(old)} became {sorted(new)} while {sorted(off)} did not work"
            yield Violation("quorum", "cluster", what)


def _managers(sighting: Sighting) -> set[str]:
    return {host for host, member in sighting.members.items() if member.role == "manager"}


def _decides(managers: set[str], off: set[str]) -> bool:
    return 2 * len(managers - off) > len(managers)


def _incidents(run: Run) -> Iterator[Violation]:
    """Each incident that was told has one message, beginnings and ends are told in turn, and all are over."""
    for incident in run.history.incidents:
        number = len(incident.posted_at)
        if incident.told and not number:
            yield Violation("incident untold", incident.id, f"{incident.text} has no message")
        if number > 1 and not any(map(run.may_repeat, incident.posted_at)):
            yield Violation("incident", incident.id, f"{incident.text} has {number} messages")
        if incident.open and not run.broken_off & set(incident.text.split()):
            yield Violation("incident open", incident.id, f"{incident.text} has not ended")
        told = [each.action for each in run.history.audit if each.words == f"incidents {incident.id}"]
        turns = [action == "incident resolved" for action in told if action in INCIDENT_TURNS]
        if any(one == other for one, other in pairwise(turns)):
            yield Violation("incident", incident.id, f"{incident.text} was told so: {told}")


def _grown(run: Run) -> Iterator[Violation]:
    """No process holds much more at the end than after its first minute, and none has more and more threads."""
    for each in run.history.footprints:
        if each.threads > MAX_THREADS:
            yield Violation("grown", each.process, str(each))
    for pid in {each.pid for each in run.history.footprints}:
        own = [each for each in run.history.footprints if each.pid == pid]
        warm = [each for each in own if each.at >= own[0].at + WARM_UP_S]
        if warm and warm[-1].mib - warm[0].mib > GROWTH_MIB:
            yield Violation("grown", warm[0].process, f"from {warm[0]} to {warm[-1]}")


RULES: Final[tuple[Rule, ...]] = (
    _unanswered,
    _not_ended,
    _untold,
    _left_open,
    _wrong_end,
    _untrue,
    _twice,
    _two_jobs,
    _not_audited,
    _leaked,
    _two_records,
    _defects,
    _quorum_lost,
    _incidents,
    _grown,
)
