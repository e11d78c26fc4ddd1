"""Swarmbot's own records: the facts behind `/swarm jobs`, `job`, `audit`, `whoami` and `help`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bot.blocks import Block, Line, Message
from bot.config.models import Permission
from bot.model.incident import Incident, LastReading, Silence


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as people see it. Times are unix seconds, 0 if it has not happened yet."""

    id: str
    state: str
    words: str
    """The command as typed, without secrets."""
    cluster: str
    requester: str
    asked_at: float
    started_at: float = 0.0
    finished_at: float = 0.0
    attempt: int = 0
    lines: tuple[Line, ...] = ()
    """The steps and findings."""
    outcome: str = ""
    """The result in words."""
    cancel_by: str = ""
    """The user who asked to cancel it."""
    untold: str = ""
    """Why a message about it was given up."""
    after: str = ""
    """The job that it waits for: the one before it in its cluster's line."""
    form_offered: bool = False
    """Whether it did nothing but offer the form for a secret: the form starts a job of its own."""


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """An entry of the audit log as people see it."""

    seq: int
    at: float
    """Unix seconds."""
    action: str
    by: str
    """The user (U…) or the worker that did it."""
    cluster: str
    words: str
    job: str
    detail: str


MAX_MATCHES: Final = 1000
"""More entries than this are not counted."""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Which page of the audit log is shown."""

    id: str = ""
    """"" if the page is empty."""
    older: bool = False
    """Whether there are older entries."""
    newer: bool = False
    """Whether there are newer entries."""
    matches: int = 0
    """How many entries match, on all pages; at most ``MAX_MATCHES`` + 1 are counted."""
    questions: bool = True
    """Whether questions are among them."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which audit entries to read; "" means any."""

    by: str = ""
    node: str = ""
    command: str = ""
    job: str = ""
    since: str = ""
    """As typed: ``2d``, ``2026-12-24``."""
    until: str = ""
    """As typed."""
    count: int = 20
    questions: bool = False
    """Whether entries that only say that a question was asked or answered are read too."""


@dataclass(frozen=True, slots=True)
class RecordsQuery:
    """Which records an answer needs."""

    jobs: int = 0
    """How many of the newest jobs to read, besides all jobs that wait or run."""
    job: str = ""
    """The id of one job."""
    approvals: bool = False
    """Read the changes that wait for approval."""
    approval: str = ""
    """The id of one approval."""
    entries: EntryFilter | None = None
    """Audit entries."""
    export: bool = False
    """Make a worker send the entries as files."""
    incidents: bool = False
    """Read the cluster's incidents: open ones, and those that ended within the last hours."""
    silences: bool = False
    """Read the cluster's silences."""
    watch: bool = False
    """Read who watches the cluster, and what was read last."""
    permissions: bool = False
    """Read the requester's permissions: Slack is asked for the members of every group in the rules."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an approval rule is about."""

    name: str
    when: str = ""
    """The condition, to follow the name: "of a manager"; "" if it always needs approval."""


@dataclass(frozen=True, slots=True)
class ApprovalRequirement:
    """Subjects that need the same approvals."""

    subjects: tuple[Subject, ...]
    count: int
    """How many approvals they need."""
    by: str
    """The approvers, as Slack shows them."""
    can_approve: bool
    """Whether the requester is one of the approvers."""


@dataclass(frozen=True, slots=True)
class PersonPermissions:
    """What a person may do."""

    person: str
    """The Slack user (U…)."""
    granted: tuple[Permission, ...]
    people_entries: tuple[str, ...]
    """The entries under ``people`` in swarmbot.yml that include this person."""
    granted_to: tuple[tuple[Permission, str], ...]
    """Who has each permission: "everyone", or entries of ``people``."""
    approvals: tuple[ApprovalRequirement, ...] = ()
    """What needs approval."""
    unsettled: tuple[Permission, ...] = ()
    """The permissions that this person may have through one of ``unread_groups``."""
    unread_groups: tuple[str, ...] = ()
    """The user groups (S…) of the rules that Slack did not list."""


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """A change that waits for approval, as people see it."""

    line: str
    buttons: tuple[Block, ...]
    """Those that its reader may press."""
    whole: Message
    """The whole card."""
    confirmation: bool = False
    """Whether its requester alone decides."""


@dataclass(frozen=True, slots=True)
class WatchRecord:
    """Who watches a cluster."""

    leader: str = ""
    """The process that watches it now; "" if none does."""
    last_reading: LastReading | None = None
    """The last reading; None if there was none."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records that were read for an answer."""

    at: float
    """When they were read, in unix seconds."""
    cluster: str
    """The cluster of this channel or of ``--cluster``; "" for none."""
    clusters: tuple[str, ...]
    """All clusters of swarmbot.yml."""
    permissions: PersonPermissions
    workers: int
    """How many workers are running."""
    jobs: tuple[JobRecord, ...] = ()
    job: JobRecord | None = None
    approvals: tuple[ApprovalRecord, ...] = ()
    entries: tuple[EntryRecord, ...] = ()
    page: AuditPage = AuditPage()
    incidents: tuple[Incident, ...] = ()
    silences: tuple[Silence, ...] = ()
    watch: WatchRecord = WatchRecord()
