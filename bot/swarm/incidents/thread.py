"""The lines of an incident's thread: what began and ended, in the order of their times. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bot.blocks import DONE, FAILED, WARNING, Sign, user, when
from bot.config.models import Severity
from bot.model.incident import Acknowledgement, Tracked
from bot.model.observation import Observation
from bot.swarm.incidents.grouping import NODES, explains
from bot.text.suggest import without_middle

SIGNS: Final[Mapping[Severity, Sign]] = {"critical": FAILED, "warning": WARNING, "note": WARNING}
MAX_THREAD_LINES: Final = 30
_INDENT: Final = "    "


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """What happened at one moment, and details of it. Mrkdwn, safe to show."""

    at: float
    """Unix seconds. Lines that are posted together are in this order."""
    text: str
    details: tuple[str, ...] = ()
    notifies: bool = False
    """Whether it is shown in the channel too: an edited message notifies nobody."""


def began_line(tracked: Tracked, beside: Iterable[Tracked], noted_at: float, now: float) -> ThreadLine:
    """Return that a signal is part of an incident since ``now``: what it is, and details.

    No line is earlier than ``noted_at``, the time of the thread's last line. If the signal is, the line has the time
    ``now`` and says since when the signal holds. A silent host whose node is already reported down or unreachable (a
    signal ``beside`` it) gets only the line about the silence: the managers' view is out of date.
    """
    signal = tracked.signal
    causes = (each.signal for each in beside if each.signal.kind in NODES and not each.over_at)
    if signal.kind == "host silent" and any(explains(cause, signal) for cause in causes):
        signal = replace(signal, text=signal.text.partition(";")[0], lines=signal.lines[:1])
    at, since = signal.since, ""
    if at < noted_at:
        at, since = now, f" · since {when(signal.since, with_seconds=True)}"
    text = f"{SIGNS[signal.severity]} {when(at, with_seconds=True)} · {signal.text}{since}"
    return ThreadLine(at, text, tuple(line for line in signal.lines if line != signal.text))


def ended_line(tracked: Tracked, *, goes_on: bool = False) -> ThreadLine:
    """Return that a signal is over. A quorum that is back is news, although its incident continues with a lost host."""
    text = f"{DONE} {when(tracked.over_at, with_seconds=True)} · {tracked.ended}"
    return ThreadLine(tracked.over_at, text, notifies=goes_on and tracked.signal.kind == "quorum lost")


def returned_lines(old: Tracked, new: Tracked, seen: Observation) -> list[ThreadLine]:
    """Return the managers that are reachable again, if the cluster tolerated no failure without them."""
    if old.signal.kind != "quorum at risk" or old.over_at:
        return []
    lacked = () if new.over_at else new.signal.nodes
    well = [seen.well.get(f"manager unreachable:{node}") for node in old.signal.nodes if node not in lacked]
    return [ThreadLine(seen.at, f"{DONE} {when(seen.at, with_seconds=True)} · {text}") for text in well if text]


def acknowledged_line(said: Acknowledgement) -> ThreadLine:
    """Return who takes care of an incident."""
    return ThreadLine(said.at, f"Acknowledged by {user(said.by)} {when(said.at)}.")


def thread_text(lines: Iterable[ThreadLine]) -> str:
    """Return lines as the text of one message in the thread, each once.

    If there are too many: the first and the last ones.
    """
    ordered = sorted(lines, key=lambda line: line.at)
    texts = [text for line in ordered for text in (line.text, *(f"{_INDENT}{each}" for each in line.details))]
    return "\n".join(without_middle(dict.fromkeys(texts), MAX_THREAD_LINES, "line"))
