"""Incidents: the signals that they are part of, what people said of them, and all that watch remembers of a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from bot.config.models import Severity
from bot.model.observation import Signal


@dataclass(frozen=True, slots=True)
class Tracked:
    """A signal of an incident, and its current state."""

    signal: Signal
    first_seen: float
    """Unix seconds."""
    last_seen: float
    over_at: float = 0.0
    """When it was seen to be over; 0 while it holds or is unknown."""
    cause: str = ""
    """The job of Swarmbot's own during which it began, as mrkdwn: "`k7f3` (`/swarm drain host-3`)"; "" for none."""
    ended: str = ""
    """How it was seen to be over, in words."""
    begun: int = 1
    """How often it began in its incident."""
    changes: tuple[float, ...] = ()
    """When it last began or ended to hold, at most 21 times, also in earlier incidents."""
    flapping: bool = False
    """Whether it comes and goes again and again, by these changes."""


@dataclass(frozen=True, slots=True)
class Incident:
    """What is reported as one thing: one message and its thread."""

    id: str
    """Short, unique in Redis, typed by people: ``/swarm incidents 3f2a``."""
    cluster: str
    root: str
    """The key of the signal that explains the others."""
    tracked: tuple[Tracked, ...]
    opened_at: float
    """When the first of its signals was seen, unix seconds."""
    told_at: float = 0.0
    """When it was reported; 0 while it waits (for ``group_wait``, or for signals that must hold) or is quiet."""
    changed_at: float = 0.0
    """When its message was last changed."""
    resolved_at: float = 0.0
    acknowledged_by: str = ""
    """A Slack user (U…)."""
    acknowledged_at: float = 0.0
    reminded_at: float = 0.0
    silenced_by: str = ""
    """The id of the silence that keeps it quiet; "" if there is none."""
    quorum: str = ""
    """The state of the quorum when it was last read, in words."""
    shown: str = ""
    """A digest of what its message last said; "" if it was not reported."""
    edits: tuple[float, ...] = ()
    """When its message was edited within the last minute."""
    severities: tuple[Severity, ...] = ()
    """The severities of its signals when its message was posted or edited, each once."""
    noted_at: float = 0.0
    """The latest time that a line of its thread names, unix seconds."""

    @property
    def root_signal(self) -> Signal:
        """The signal that explains the others."""
        return next(each.signal for each in self.tracked if each.signal.key == self.root)

    @property
    def unstable(self) -> bool:
        """Whether a signal of it is flapping, so that it does not end yet."""
        return any(each.flapping for each in self.tracked)

    @property
    def open(self) -> bool:
        """Whether something of it still holds, or may."""
        return not self.resolved_at


ALL_SUBJECTS: Final = "all"
"""The subject of a silence of every incident of a cluster."""


@dataclass(frozen=True, slots=True)
class Silence:
    """A time in which a subject's incidents are recorded but not reported."""

    id: str
    cluster: str
    subject: str
    """The name of a node or service, or :data:`ALL_SUBJECTS`."""
    until: float
    """Unix seconds."""
    by: str
    """A Slack user (U…)."""
    reason: str
    """Plain text of a person."""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class PlannedWork:
    """A job of Swarmbot's own that explains what it causes, while it runs and for a time after its end."""

    job: str
    words: str
    """The command as typed, without secrets."""
    names: tuple[str, ...]
    """The hosts, nodes and services in its arguments; () if it may touch every node."""
    ended_at: float = 0.0
    """Unix seconds; 0 while it runs."""


@dataclass(frozen=True, slots=True)
class WatchState:
    """All that watch remembers of a cluster between two readings. Stored in Redis, written by the leader only."""

    incidents: tuple[Incident, ...] = ()
    """Open ones, and those that ended within the last hours (:mod:`bot.swarm.incidents`)."""
    waiting: tuple[Tracked, ...] = ()
    """Signals that have not held long enough to be part of an incident."""
    leader: str = ""
    """The id of the last leader that was seen."""
    leader_name: str = ""
    leader_seen_at: float = 0.0
    """When a leader was last seen, unix seconds."""
    leader_answered_at: float = 0.0
    """When it last answered itself, unix seconds; 0 if that was not seen."""
    read_at: float = 0.0
    """When the cluster was last read as a whole, unix seconds."""
    overlay_checked_at: float = 0.0
    """When a check of the routes between the nodes last ended, unix seconds; 0 if none did."""


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """When incidents are reported (``watch`` in swarmbot.yml). Times are in seconds."""

    group_wait_s: float = 2.0
    """Seconds from an incident's first signal to its message: what follows within this time is in the same message."""
    group_interval_s: float = 20.0
    """The least time between two edits of a message. Its end is shown at once."""
    repeat_s: float = 0.0
    """After this time an incident that nobody acknowledged is reported again, once; 0: never."""
    flap_high: float = 0.3
    """The share of changes between the last 21 states of a root, one each 15 s, from which it counts as flapping."""
    flap_low: float = 0.15
    """The share below which it no longer counts as flapping."""
    certificate_days: float = 7.0
    backup_days: float = 7.0
    """0: not checked."""
    token_days: float = 0.0
    """How long a join token that was shown may stay unrotated; 0: not checked."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody takes care of an incident."""

    incident: str
    by: str
    """A Slack user (U…)."""
    at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class ThreadNote:
    """Lines to post in an incident's thread."""

    incident: str
    text: str
    """Mrkdwn, safe to show."""
    broadcast: bool = False
    """Whether it is shown in the channel too: a reminder."""


@dataclass(frozen=True, slots=True)
class WatchEntry:
    """What the audit log keeps of an incident."""

    incident: str
    action: Literal["incident opened", "incident reopened", "incident resolved", "incident silenced"]
    detail: str


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one step of watch changed."""

    state: WatchState
    told: tuple[Incident, ...] = ()
    """Incidents whose message must be posted or edited now, as they are in ``state``."""
    noted: tuple[ThreadNote, ...] = ()
    """Lines for threads, to be sent after the messages of ``told``."""
    entries: tuple[WatchEntry, ...] = ()
    due: float = 0.0
    """When to step again even if nothing changes, unix seconds; 0 for never."""


@dataclass(frozen=True, slots=True)
class ClusterNumbers:
    """What a reading counted in a cluster."""

    nodes: tuple[tuple[str, str, int], ...]
    """Role, state and the number of nodes that have both."""
    managers: int
    """Members of Raft."""
    managers_reachable: int
    managers_needed: int
    """The members needed for a quorum."""
    services: int
    services_short: int
    """Services with fewer running tasks than wanted."""
    tasks_desired: int
    tasks_running: int


@dataclass(frozen=True, slots=True)
class LastReading:
    """The last reading of a cluster by the process that watches it."""

    leader: str
    """The name of the process."""
    at: float
    """When it read, unix seconds."""
    duration_s: float = 0.0
    """How long that took."""
    interval_s: float = 0.0
    """The longest time in seconds until it reads again."""
    read_from: str = ""
    """The manager that the cluster was read from; "" if none could be read."""
    bell: bool = False
    """Whether an event of that manager makes it read at once."""
    nodes: int = 0
    services: int = 0
    unread: tuple[str, ...] = ()
    """The hosts that did not respond."""
    numbers: ClusterNumbers | None = None
    """None if the cluster could not be read."""
    overlay_checked_at: float = 0.0
    """When a check of the routes between the nodes last ended, unix seconds; 0 if none did."""
    overlay_check_s: float = 0.0
    """Seconds between two of these checks; 0: no checks."""
