"""What will be done in a run, made from one seed: who types and presses what and when, and which faults when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.kits.random_run.history import DisturbanceKind

QUESTIONS: Final = ("status", "nodes", "node {host}", "jobs", "whoami", "help", "audit", "approvals", "token worker")
OPERATORS: Final = (
    "drain {host}",
    "pause {host}",
    "activate {host}",
    "label {host} zone={value}",
    "join worker {host}",
)
ADMINS: Final = (
    *("promote {host}", "demote {host}", "leave {host}", "remove {host} --force", "join manager {host}"),
    *("freeze --for 10m --reason soak", "thaw", "token manager"),
)
TYPOS: Final = (
    "statsu",
    "drian {host}",
    "drain {host}3",
    "drain",
    "label {host}",
    "drain {host} --plan",
    "cancel zzzz",
)
CANCEL: Final = "cancel {job}"
PLAN: Final = " --plan"
BUTTONS: Final = (
    *("Approve", "Approve", "Approve", "Deny", "Withdraw", "Proceed", "Proceed", "Cancel"),
    *("Retry", "Refresh", "Share"),
)
SLACK_FAULTS: Final[tuple[DisturbanceKind, ...]] = ("slack", "slack hangs", "slack loses answers", "rate limit")
REDIS_FAULTS: Final[tuple[DisturbanceKind, ...]] = ("redis", "redis", "redis hangs", "redis slow", "redis full")
OTHER_STOP_S: Final = {"web": (1.0, 5.0), "watch": (10.0, 20.0)}
"""How long a web or watch process stands still; the lease of watch is valid for 9 s."""
CLOCKS_S: Final = ("-1500", "-60", "60", "4000")
"""An engine 4000 s ahead issues certificates that are not valid yet; one 1500 s behind takes a new root for such."""
PEOPLE: Final = ("ada", "ben", "cleo", "dan", "eve")
"""ada and ben are operators, cleo and dan administrators."""


@dataclass(frozen=True)
class Typing:
    """``words`` may hold ``{job}``: one of the newest jobs, as ``pick`` (0 to 1) chooses when it is typed."""

    at: float
    """Seconds since the beginning."""
    user: str
    words: str
    pick: float


@dataclass(frozen=True)
class Pressing:
    """One of the messages that the person sees with this button, as ``pick`` chooses."""

    at: float
    user: str
    button: str
    pick: float


Action = Typing | Pressing


@dataclass(frozen=True)
class Planned:
    """A fault that will be injected; faults of one target follow each other."""

    at: float
    kind: DisturbanceKind
    target: str
    seconds: float
    """How long it lasts."""
    flavour: str = ""
    """How Slack fails, or by how many seconds a clock is ahead."""


@dataclass(frozen=True)
class Size:
    """How much happens in a run."""

    seconds: float
    pause_s: float
    """The mean time between two actions of one person."""
    hosts: Sequence[str]
    workers: Sequence[str]
    others: Sequence[str]
    """The web and watch processes that fail."""
    outage_s: tuple[float, float]
    """The shortest and longest time for which Slack is away."""
    stop_s: tuple[float, float]
    """The shortest and longest time for which a worker stands still; a lease is valid for 15 s."""
    host_off_s: tuple[float, float]
    host_faults: Sequence[DisturbanceKind] = ("host", "cable", "ssh")


@dataclass(frozen=True)
class Script:
    """One run."""

    seed: int
    actions: tuple[Action, ...]
    faults: tuple[Planned, ...]


def script(seed: int, size: Size) -> Script:
    """Return the same script for the same seed and size."""
    chance = Random(seed)  # noqa: S311 - a run that can be repeated
    actions: list[Action] = [action for user in PEOPLE for action in _actions(chance, user, size)]
    faults = [
        *(fault for worker in size.workers for fault in _process_faults(chance, worker, size.stop_s, 12.5, size)),
        *(fault for name in size.others for fault in _process_faults(chance, name, _stop_s(name), 30.0, size)),
        *_slack_faults(chance, size),
        *_redis_faults(chance, size),
        *_host_faults(chance, size),
        *_twice(chance, size),
    ]
    return Script(seed, tuple(sorted(actions, key=_at)), tuple(sorted(faults, key=_at)))


def _stop_s(name: str) -> tuple[float, float]:
    return OTHER_STOP_S[name.partition(".")[0]]


def _at(event: Action | Planned) -> float:
    return event.at


def _times(chance: Random, first: float, pause_s: float, until: float) -> Iterator[float]:
    at = first + chance.uniform(0, pause_s)
    while at < until:
        yield at
        at += chance.expovariate(1 / pause_s)


def _actions(chance: Random, user: str, size: Size) -> Iterator[Action]:
    for at in _times(chance, 0.0, size.pause_s, size.seconds):
        pick = chance.random()
        if chance.random() < 0.25:
            yield Pressing(at, user, chance.choice(BUTTONS), pick)
        else:
            words = _words(chance, user)
            yield Typing(at, user, words.replace("{host}", chance.choice(size.hosts)), pick)


def _words(chance: Random, user: str) -> str:
    changes = (*OPERATORS, *ADMINS) if user in {"cleo", "dan"} else OPERATORS
    pool = chance.choices((QUESTIONS, changes, TYPOS, (CANCEL,)), (45, 40, 9, 6))[0]
    words = chance.choice(pool).replace("{value}", chance.choice("abc"))
    return words + PLAN if pool is changes and chance.random() < 0.05 else words


def _process_faults(
    chance: Random, name: str, stop_s: tuple[float, float], pause_s: float, size: Size
) -> Iterator[Planned]:
    kinds: tuple[DisturbanceKind, ...] = ("kill", "terminate", "stop")
    at = chance.uniform(0.3 * pause_s, 1.2 * pause_s)
    while at < size.seconds:
        kind = chance.choice(kinds)
        lasts = chance.uniform(*stop_s) if kind == "stop" else chance.uniform(0.5, 5)
        yield Planned(at, kind, name, lasts)
        at += lasts + chance.uniform(0.4 * pause_s, 1.6 * pause_s)


def _slack_faults(chance: Random, size: Size) -> Iterator[Planned]:
    at = chance.uniform(2, 10)
    while at < size.seconds:
        kind = chance.choices(SLACK_FAULTS, (40, 10, 10, 40))[0]
        lasts = chance.uniform(*size.outage_s) if kind == "slack" else chance.uniform(2, 6)
        flavours = {"slack": ("http_500", "drop"), "rate limit": ("5", "60"), "slack hangs": ("12",)}
        yield Planned(at, kind, "slack", lasts, chance.choice(flavours.get(kind, ("",))))
        at += lasts + chance.uniform(5, 20)


def _redis_faults(chance: Random, size: Size) -> Iterator[Planned]:
    at = chance.uniform(5, 25)
    while at < size.seconds:
        lasts = chance.uniform(0.3, 4)
        yield Planned(at, chance.choice(REDIS_FAULTS), "redis", lasts)
        at += lasts + chance.uniform(5, 35)


def _host_faults(chance: Random, size: Size) -> Iterator[Planned]:
    at = chance.uniform(5, 20)
    while at < size.seconds:
        lasts = chance.uniform(*size.host_off_s)
        kind, host = chance.choice(size.host_faults), chance.choice(size.hosts)
        yield Planned(at, kind, host, lasts, chance.choice(CLOCKS_S) if kind == "wrong clock" else "")
        at += lasts + chance.uniform(10, 30)


def _twice(chance: Random, size: Size) -> Iterator[Planned]:
    for at in _times(chance, 2, 10, size.seconds):
        yield Planned(at, "deliver twice", "slack's deliveries", 0)
