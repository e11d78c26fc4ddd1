"""What Swarmbot's own records say: the facts behind `/swarm jobs`, `job`, `audit`, `whoami` and `help`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.blocks import Block, Message

Right = Literal["view", "operate", "administer"]


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as people see it. Times are unix seconds, 0 for not yet; ``lines`` are its steps with their signs."""

    id: str
    state: str
    words: str
    cluster: str
    requester: str
    asked_at: float
    started_at: float = 0.0
    finished_at: float = 0.0
    attempt: int = 0
    worker: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    outcome: str = ""
    cancel_by: str = ""


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """An entry of the audit log as people see it."""

    seq: int
    at: float
    action: str
    by: str
    cluster: str
    words: str
    job: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A page of the audit log: its id ("" when it shows nothing), and whether there are entries to either side."""

    id: str = ""
    older: bool = False
    newer: bool = False


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which audit entries are wanted; "" means any. ``since`` and ``until`` are as people write past moments."""

    by: str = ""
    node: str = ""
    command: str = ""
    job: str = ""
    since: str = ""
    until: str = ""
    count: int = 20


@dataclass(frozen=True, slots=True)
class RecordsQuery:
    """Which records an answer needs: jobs, one job, approvals that wait, one approval, or audit entries.

    ``jobs``: how many of the newest, behind all that is under way. ``export``: the entries are wanted as files, which a
    worker sends.
    """

    jobs: int = 0
    job: str = ""
    approvals: bool = False
    approval: str = ""
    entries: EntryFilter | None = None
    export: bool = False


@dataclass(frozen=True, slots=True)
class Subject:
    """What an approval rule is about, and when it waits, in words behind its name: "of a manager"; "": always."""

    name: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Waits:
    """What waits until ``count`` of ``by`` (as Slack shows them) said yes. ``mine``: this person is one of them."""

    subjects: tuple[Subject, ...]
    count: int
    by: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Rights:
    """What a person may do, and who is asked for each permission ("everyone", or names of swarmbot.yml's people)."""

    person: str
    may: tuple[Right, ...]
    listed_as: tuple[str, ...]
    rules: tuple[tuple[Right, str], ...]
    waits: tuple[Waits, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalRecord:
    """An approval as people see it: in a line with its buttons, and whole."""

    line: str
    buttons: tuple[Block, ...]
    whole: Message


@dataclass(frozen=True, slots=True)
class Records:
    """The records that were asked for. ``clusters`` are the names in swarmbot.yml, ``cluster`` the one meant here."""

    at: float
    cluster: str
    clusters: tuple[str, ...]
    rights: Rights
    workers: int
    jobs: tuple[JobRecord, ...] = ()
    job: JobRecord | None = None
    approvals: tuple[ApprovalRecord, ...] = ()
    entries: tuple[EntryRecord, ...] = ()
    page: AuditPage = AuditPage()
