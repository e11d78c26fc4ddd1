"""What happened in a run, as data: what people typed, what Slack took, Swarmbot's records, and the true cluster.

All times are unix seconds of this machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

DisturbanceKind = Literal[
    "kill",
    "terminate",
    "stop",
    "redis",
    "redis hangs",
    "redis slow",
    "redis full",
    "slack",
    "slack hangs",
    "slack loses answers",
    "rate limit",
    "host",
    "cable",
    "ssh",
    "engine hangs",
    "slow link",
    "full disk",
    "wrong clock",
    "deliver twice",
]
"""``redis``: killed; ``redis hangs``: SIGSTOP; ``redis slow``: each write waits; ``redis full``: no memory left.
``slack``: HTTP 500, or a broken connection before a call has an effect; ``slack loses answers``: after it had one.
``host``: without power; ``cable``: without network; ``ssh``: not reached by the bot; ``engine hangs``: SIGSTOP;
``slow link``: a host sends 256 kbit/s; ``full disk``: its engine can write no byte more; ``wrong clock``: its engine's
is minutes to an hour ahead or behind."""
ENDED: Final = frozenset({"succeeded", "failed", "refused", "cancelled", "denied", "expired"})


@dataclass(frozen=True)
class Request:
    """A command that somebody typed, or a button that somebody pressed."""

    at: float
    user: str
    words: str
    """What was typed, or the button in brackets."""
    response_url: str
    """The last part of the path of its response_url: answers by it carry the same."""
    acknowledged: bool
    """Slack got HTTP 200 in time."""
    reply: str = ""
    """What the acknowledgement showed; a press has none."""
    job: str = ""
    """The job that it became; empty if there is none."""

    @property
    def typed(self) -> bool:
        """Whether it was typed."""
        return not self.words.startswith("[")


@dataclass(frozen=True)
class Shown:
    """A message or an edit that Slack took, in Slack's order."""

    at: float
    ts: str
    to: frozenset[str]
    private: bool
    text: str
    """What people see of it."""
    jobs: frozenset[str] = frozenset()
    """The jobs that its text or its buttons name."""
    response_url: str = ""
    deleted: bool = False
    title: str = ""
    """Its text for notifications, as it is at the end; "" if it was edited afterwards."""


@dataclass(frozen=True)
class JobRecord:
    """A job as Redis has it at the end."""

    id: str
    words: str
    requester: str
    state: str
    asked_at: float
    started_at: float | None = None
    finished_at: float | None = None
    cancel_by: str = ""
    change: bool = False
    """Whether it changes the cluster; otherwise its answer is private."""
    internal: bool = False
    """Nobody typed it: Swarmbot queued it for itself."""
    said: str = ""
    """What Redis keeps of its end for people: the beginning of the answer, or the error."""


@dataclass(frozen=True)
class AuditEntry:
    """What the audit log says of a job, or of an incident."""

    action: str
    job: str
    detail: str = ""
    words: str = ""
    """The command; of an incident ``incidents ID``."""


@dataclass(frozen=True)
class IncidentRecord:
    """An incident as Redis has it at the end."""

    id: str
    text: str
    open: bool
    told: bool
    posted_at: tuple[float, ...]
    """When a message in the channel was begun for it, without replies."""
    opened_at: float = 0.0
    resolved_at: float = 0.0


@dataclass(frozen=True)
class Footprint:
    """What a process holds at a time."""

    at: float
    process: str
    pid: int
    mib: float
    threads: int


@dataclass(frozen=True)
class Member:
    """A host's true membership."""

    role: str
    availability: str
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    records: int = 1
    """How many node records of the cluster have its name."""


@dataclass(frozen=True)
class Sighting:
    """The true members from this time on, by host, until the next sighting."""

    at: float
    members: Mapping[str, Member]


@dataclass(frozen=True)
class Disturbance:
    """An injected fault."""

    kind: DisturbanceKind
    target: str
    begin: float
    end: float


@dataclass(frozen=True)
class History:
    """A whole run."""

    requests: tuple[Request, ...] = ()
    shown: tuple[Shown, ...] = ()
    jobs: tuple[JobRecord, ...] = ()
    audit: tuple[AuditEntry, ...] = ()
    audit_problem: str = ""
    """Why the audit log is not valid; empty if it is."""
    sightings: tuple[Sighting, ...] = ()
    disturbances: tuple[Disturbance, ...] = ()
    incidents: tuple[IncidentRecord, ...] = ()
    footprints: tuple[Footprint, ...] = ()
    """In order."""
    leaks: tuple[str, ...] = ()
    """The places where a secret was found."""
    tracebacks: tuple[str, ...] = ()
    """Last lines of the tracebacks in the logs of the processes."""

    @property
    def summary(self) -> str:
        """How much happened, in one line."""
        jobs = Counter(f"{'change' if job.change else 'question'} {job.state}" for job in self.jobs if not job.internal)
        faults = Counter[str](each.kind for each in self.disturbances)
        acknowledged = sum(each.acknowledged for each in self.requests)
        head = f"{len(self.requests)} requests ({acknowledged} acknowledged), {len(self.shown)} messages and edits"
        return "; ".join(
            [head, *(", ".join(f"{n} {what}" for what, n in sorted(each.items())) for each in (jobs, faults))]
        )

    def about(self, id_: str) -> str:
        """What is known of a job: its record, requests and audit entries, and what its requester saw since then.

        Of an incident: its record and audit entries, and the changes of the hosts that it names.
        """
        found = [job for job in self.jobs if job.id == id_]
        incidents = [each for each in self.incidents if each.id == id_]
        lines: list[object] = [*found, *incidents, *(each for each in self.requests if each.job == id_)]
        lines += [each for each in self.audit if each.job == id_ or each.words == f"incidents {id_}"]
        for incident in incidents:
            named = set(incident.text.split())
            lines += [job for job in self.jobs if job.change and named & set(job.words.split())]
        lines += [
            shown
            for job in found
            for shown in self.shown
            if shown.at >= job.asked_at and (id_ in shown.jobs or (shown.private and job.requester in shown.to))
        ]
        return "\n".join(map(str, lines))
