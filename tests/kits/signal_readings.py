"""Readings of a cluster for properties of incidents: which signals each shows, and what people say meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Final

from hypothesis import strategies as st

from bot.config.models import Severity
from bot.model.incident import Advanced, PlannedWork, WatchSettings, WatchState
from bot.model.observation import Observation, Signal, SignalKind
from bot.swarm.incidents.grouping import RANKS
from bot.swarm.incidents.observation import nothing_read
from bot.swarm.incidents.transitions import advance

PLAIN: Final = WatchSettings()
EVERY_KIND: Final = frozenset(RANKS)


def _signal(kind: SignalKind, host: str = "", *, holds_s: float = 0.0, service: str = "") -> Signal:
    nodes = (f"id-{host}",) if host else ()
    hosts = (host,) if host else ()
    node_kind = kind in {"node down", "manager unreachable"}
    subject, subject_id = service or host, f"id-{service or host}" if service or node_kind else ""
    name = f"`{subject}`: {kind}"
    severity: Severity = "warning" if kind == "host silent" or service else "critical"
    return Signal(kind, subject, severity, name, 0.0, subject_id=subject_id, nodes=nodes, hosts=hosts, holds_s=holds_s)


SIGNALS: Final = (
    _signal("host silent", "host-1", holds_s=10.0),
    _signal("node down", "host-1"),
    _signal("manager unreachable", "host-1"),
    _signal("engine stopped", "host-2", holds_s=5.0),
    _signal("node down", "host-2"),
    _signal("quorum lost"),
    _signal("quorum at risk", "host-1", holds_s=10.0),
    _signal("service short of tasks", "host-2", service="web", holds_s=15.0),
    _signal("tasks failing", service="web"),
    _signal("backup old"),
)
KEYS: Final = [signal.key for signal in SIGNALS]


@dataclass(frozen=True)
class Turn:
    """One reading: what it shows, what was not read, and how many seconds after the one before."""

    after_s: float
    shown: frozenset[int]
    """Places in SIGNALS."""
    unread_kinds: frozenset[SignalKind] = frozenset()
    unread: frozenset[str] = frozenset()
    only_time: bool = False

    def seen(self, at: float, order: Sequence[int] = ()) -> Observation:
        """Return the observation at ``at``, its signals in the given order."""
        if self.only_time:
            return nothing_read("prod", at)
        places = sorted(self.shown, key=lambda place: order.index(place) if order else place)
        signals = [SIGNALS[place] for place in places]
        return Observation(
            "prod",
            at,
            tuple(replace(each, since=at) for each in signals if each.kind not in self.unread_kinds),
            EVERY_KIND - self.unread_kinds,
            self.unread,
        )


SHOWN = st.frozensets(st.integers(0, len(SIGNALS) - 1), max_size=6)
TURN = st.builds(
    Turn,
    st.sampled_from([1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 200.0]),
    SHOWN,
    st.frozensets(st.sampled_from(sorted(EVERY_KIND)), max_size=4) | st.just(frozenset()),
    st.frozensets(st.sampled_from(KEYS), max_size=3),
    st.booleans(),
)
TURNS = st.lists(TURN, min_size=1, max_size=25)


@dataclass
class Course:
    """Steps one after the other."""

    state: WatchState = field(default_factory=WatchState)
    at: float = 1000.0
    steps: list[Advanced] = field(default_factory=list)
    ids: Iterable[int] = field(default_factory=count)

    def step(self, seen: Observation) -> Advanced:
        """Make one step."""
        ids = iter(self.ids)
        stepped = advance(self.state, seen, silences=(), work=(), settings=PLAIN, new_id=lambda: f"i{next(ids)}")
        self.state = stepped.state
        self.steps.append(stepped)
        return stepped

    def run(self, turns: Iterable[Turn]) -> list[Advanced]:
        """Make a step for each turn."""
        for turn in turns:
            self.at += turn.after_s
            self.step(turn.seen(self.at))
        return self.steps


@dataclass(frozen=True)
class Said:
    """What people and jobs say at a turn."""

    silenced: str = ""
    """A subject, for 30 s."""
    acknowledged: bool = False
    works: str = ""
    """A host that a job is about."""
    quiet: str = ""

    @property
    def work(self) -> list[PlannedWork]:
        """The job about that host."""
        return [PlannedWork("k7f3", f"drain {self.works}", (self.works,))] if self.works else []


SAID = st.builds(
    Said,
    st.sampled_from(["", "", "host-1", "web", "all"]),
    st.booleans(),
    st.sampled_from(["", "", "host-1", "host-2"]),
    st.sampled_from(["", "", "", "a window"]),
)
