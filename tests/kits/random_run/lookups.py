"""A history with what the checker's rules look up in it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final

from tests.kits.random_run.history import History, JobRecord, Request, Shown

OPEN_BUTTONS: Final = ("[Cancel]", "[Approve]", "[Proceed]")
"""A message with one of them shows a job that has not ended."""
ACKNOWLEDGEMENTS: Final = ("On it: ", "Stored as job ")
"""So begins what is said of a job that was queued; by the response_url if the acknowledgement itself was late."""
INTERIM: Final = re.compile(r"The complete answer follows|\*Still working on it\*|The answer follows in ")
"""What is said before the answer: it ends no job."""
DETAILS: Final = "*All steps of job "
"""So begins what is posted in the thread of a card after its end, which it repeats."""
CAUSED: Final = "It began during `"
"""So an incident, and its thread, name the job that it began in."""
DOUBT_S: Final = 1.5
"""A sender that dies, stands still or loses Redis within this time after Slack accepted a message may not have noted
it: the message is sent again, and nobody can prevent it."""
DOUBTS_S: Final[Mapping[str, float]] = MappingProxyType(
    {
        **dict.fromkeys(("kill", "terminate", "stop", "slack loses answers"), DOUBT_S),
        **dict.fromkeys(("redis", "redis hangs", "redis slow", "redis full"), DOUBT_S),
        "slack hangs": 15.0,
    }
)
"""How long after each kind of fault. A call that Slack keeps for 12 s is tried again before it has its effect."""
PLACES: Final = frozenset({"redis", "slack"})
"""When one of them fails, every sender is in doubt."""
WORKERS: Final = frozenset({"worker"})
"""The processes that send the messages of jobs."""
MEMBERSHIP: Final = frozenset({"join", "leave", "remove", "promote", "demote"})
"""Commands that change who is a member or a manager."""
HOST: Final = re.compile(r"host-\d+")
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
        self._messages: dict[str, dict[int, Shown]] = {}
        for number, shown in sorted(enumerate(history.shown), key=lambda each: each[1].response_url not in self._urls):
            for job in self._jobs_of(shown):
                self._messages.setdefault(job, {})[number] = shown

    @cached_property
    def broken_off(self) -> frozenset[str]:
        """The hosts whose change of membership or role failed or was cancelled: it may have left them half changed."""
        broken = [job for job in self.history.jobs if job.change and job.state in {"failed", "cancelled"}]
        words = [job.words.split() for job in broken]
        return frozenset(word for each in words if each[0] in MEMBERSHIP for word in each if HOST.fullmatch(word))

    def _jobs_of(self, shown: Shown) -> frozenset[str]:
        """Return the jobs whose message it is. An answer to another request may name a job, but ends it for nobody."""
        request = self._urls.get(shown.response_url)
        if INTERIM.search(shown.text) or shown.text.startswith(DETAILS) or CAUSED in shown.text:
            return frozenset()
        if request is None:
            return self._recognized(shown) if shown.private else shown.jobs
        if shown.text.startswith(ACKNOWLEDGEMENTS) or (request.typed and shown.text == request.reply):
            return frozenset()
        return frozenset({request.job} - {""})

    def _recognized(self, shown: Shown) -> frozenset[str]:
        """Return the job whose end a private message without a response_url tells, or else the jobs that it names.

        A worker sends it in this way if the response_url does not work. If several jobs ended alike, it is the one that
        it names, or the first that nothing else told its requester.
        """
        alike = [
            job
            for job in self._by_end
            if job.said and job.requester in shown.to and (job.finished_at or 0.0) <= shown.at + LOOSE_S
            if job.said in shown.text or job.said in shown.title
        ]
        named = [job for job in alike if job.id in shown.jobs]
        untold = [job for job in alike if not self.ends(job)]
        return frozenset(job.id for job in (named or untold or alike)[:1]) or shown.jobs

    def messages(self, job: JobRecord) -> list[Shown]:
        """Return the messages and edits of a job in order, without the acknowledgement."""
        return [shown for _, shown in sorted(self._messages.get(job.id, {}).items(), key=lambda each: each[0])]

    def ends(self, job: JobRecord) -> list[Shown]:
        """Return what its requester saw of its end."""
        seen = (each for each in self.messages(job) if job.requester in each.to and not each.deleted)
        return [each for each in seen if not is_open(each)]

    def cards(self, job: JobRecord) -> dict[str, Shown]:
        """Return the public messages of a job by their ts, each as it was posted."""
        found: dict[str, Shown] = {}
        for shown in self.messages(job):
            if not shown.private and not shown.response_url:
                found.setdefault(shown.ts, shown)
        return found

    def details(self) -> Iterator[tuple[str, list[float]]]:
        """Yield each part of what was posted in threads of cards, with the times at which it was posted."""
        found = [shown for shown in self.history.shown if shown.text.startswith(DETAILS)]
        for text in dict.fromkeys(shown.text for shown in found):
            yield text, [shown.at for shown in found if shown.text == text]

    def may_repeat(self, at: float, senders: Collection[str] = WORKERS) -> bool:
        """Return whether none of ``senders`` could note that a message was taken at this time."""
        return any(
            fault.begin - DOUBT_S <= at <= fault.end + DOUBTS_S[fault.kind]
            for fault in self.history.disturbances
            if fault.kind in DOUBTS_S and fault.target.partition(".")[0] in {*PLACES, *senders}
        )

    def repeated(self, posted: Iterable[float], senders: Collection[str] = WORKERS) -> bool:
        """Return whether a message that was posted at these times was sent again although it could be noted."""
        return not all(self.may_repeat(at, senders) for at in sorted(posted)[:-1])


def is_open(shown: Shown) -> bool:
    """Return whether it shows a job that has not ended."""
    return any(button in shown.text for button in OPEN_BUTTONS)
