"""What one reading of a cluster showed: signals, which say what is wrong, and what was seen to be well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from bot.config.models import Severity

SignalKind = Literal[
    "quorum lost",
    "quorum at risk",
    "leader changed",
    "manager unreachable",
    "node down",
    "host silent",
    "engine stopped",
    "node cloned",
    "duplicate record",
    "second cluster",
    "service short of tasks",
    "tasks failing",
    "tasks pending",
    "update failed",
    "certificate expires",
    "clock drift",
    "overlay cut off",
    "token not rotated",
    "backup old",
    "redis not durable",
    "audit chain broken",
    "addresses used up",
]


@dataclass(frozen=True, slots=True)
class Signal:
    """Something wrong that was positively seen in one reading. What was not read gives no signal."""

    kind: SignalKind
    subject: str
    """The name of the node, host or service; "" for the cluster itself."""
    severity: Severity
    text: str
    """What is wrong, as one line of mrkdwn that is safe to show."""
    since: float
    """When it began, unix seconds: by the engines if they say so, otherwise when it was first seen."""
    at_latest: bool = False
    """Whether it may have begun long before: nothing was read for a time before it was first seen."""
    subject_id: str = ""
    """The id of node or service, if the subject has one: names may be used twice."""
    fix: str = ""
    """The command that fixes it, to type after ``/swarm``, without placeholders; "" if no single command does."""
    advice: str = ""
    """What to do about it, to follow "Next:": mrkdwn, safe to show."""
    lines: tuple[str, ...] = ()
    """Details for the thread: mrkdwn, one line each, safe to show."""
    calm: tuple[str, ...] = ()
    """What still works in spite of it: "12 tasks rescheduled: 11 run elsewhere, 1 is pending: …"."""
    nodes: tuple[str, ...] = ()
    """Ids of the nodes that it is about or that its tasks were on: what explains those explains it."""
    hosts: tuple[str, ...] = ()
    """The names in swarmbot.yml of those nodes: a host that is silent has no id."""
    holds_s: float = 0.0
    """How long it must have held before it is reported: some states pass by themselves."""

    @property
    def key(self) -> str:
        """A key that is equal for the same thing in every reading."""
        return f"{self.kind}:{self.subject_id or self.subject}"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one reading of a cluster showed."""

    cluster: str
    at: float
    """Unix seconds."""
    signals: tuple[Signal, ...]
    read: frozenset[SignalKind]
    """The kinds whose absence means that nothing is wrong. A kind that is not here was not read: its signals stay."""
    unread: frozenset[str] = frozenset()
    """Keys of signals that could not be judged although their kind was read: they stay too."""
    well: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What was seen to be well, in words, by the key that a signal about it has: "`host-4` is ready"."""
    quorum: str = ""
    """What still holds: "quorum holds: 2 of 3 managers reachable"; "" if it was not read."""
    leader: str = ""
    """The id of the leader that was seen; "" if none was."""
    leader_name: str = ""
    leader_answered_at: float = 0.0
    """When its own engine was asked and answered as a manager, unix seconds; 0 if it did not."""


@dataclass(frozen=True, slots=True)
class ShownToken:
    """A join token that was shown to a person and not rotated since."""

    role: Literal["worker", "manager"]
    at: float
    """When it was shown, unix seconds."""
    by: str
    """A Slack user (U…)."""


@dataclass(frozen=True, slots=True)
class Extra:
    """What watch knows of a cluster beside its facts. None: it was not read this time."""

    redis_problems: tuple[str, ...] | None = None
    """Why Redis may lose data, in sentences (:func:`bot.store.durability.problems`); () if it does not."""
    audit_problem: str | None = None
    """Why the audit log's chain is broken, in a sentence; "" if it is whole."""
    last_backup: float | None = None
    """When the newest backup was taken, unix seconds; 0 if there is none."""
    tokens: tuple[ShownToken, ...] | None = None
