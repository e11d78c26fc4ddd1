"""The time for which the history of a cluster is shown: what ``--since`` and ``--for`` mean. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

from bot.blocks import echo
from bot.errors import NotUnderstood
from bot.model.history import KEPT_S, SAMPLE_S
from bot.text.durations import write_duration
from bot.text.timespec import read_past

USUAL_S: Final = 24 * 3600.0
SHORTEST_S: Final = 5.0 * SAMPLE_S
LONGEST: Final = write_duration(KEPT_S)
ALL_KEPT: Final = f"`/swarm map --history --for {LONGEST}` shows all that is kept."


class HistorySpan(NamedTuple):
    """A time. Unix seconds."""

    since: float
    until: float


def check_length(for_s: float) -> None:
    """Raise NotUnderstood for a length that is not shown; 0: no length was given."""
    if for_s and not SHORTEST_S <= for_s <= KEPT_S:
        raise NotUnderstood(
            f"`--for` takes `{write_duration(SHORTEST_S)}` to `{LONGEST}`: samples are kept for {LONGEST[:-1]} days.",
            next_step="`/swarm map --history` shows the last 24 hours.",
        )


def span_of(now: float, since: str, for_s: float) -> HistorySpan:
    """Return the time that begins ``since`` (as typed) and is ``for_s`` long, until ``now`` at the latest.

    Without ``since`` it ends now, without ``for_s`` too; without both it is the last day. Raise NotUnderstood for a
    time that cannot have been recorded.
    """
    if not since:
        return HistorySpan(now - (for_s or USUAL_S), now)
    began = read_past(since, now)
    if began is None or began > now - SHORTEST_S:
        raise NotUnderstood(
            f"{echo(since)} is in the future, or less than {SHORTEST_S / 60:.0f} minutes ago.",
            next_step="`/swarm map --history --for 1h` shows the last hour.",
        )
    if began < now - KEPT_S:
        raise NotUnderstood(
            f"{echo(since)} is more than {LONGEST[:-1]} days ago: samples are not kept for so long.", next_step=ALL_KEPT
        )
    return HistorySpan(began, min(now, began + for_s) if for_s else now)
