"""What watch records of each reading, for the history of a cluster: a sample for each slot of two minutes. Pure."""

from __future__ import annotations

from bot.model import Facts
from bot.model.history import SAMPLE_S, Counts, Range, Sample
from bot.model.incident import ClusterNumbers, WatchState
from bot.swarm.incidents.quorum_signals import is_trusted


def slot_of(at: float) -> int:
    """Return when the slot of a time (unix seconds) began."""
    return int(at // SAMPLE_S) * SAMPLE_S


def sample_of(facts: Facts, state: WatchState, seen: ClusterNumbers | None) -> Sample:
    """Return the sample of one reading, and of the incidents that it led to; ``seen`` is what the reading counted.

    A manager that has no quorum answers from memory, so nothing that it says is counted.
    """
    incidents = sum(each.open and bool(each.told_at or each.silenced_by) for each in state.incidents)
    counts = None
    if seen is not None and is_trusted(facts):
        counts = Counts(
            nodes=_single(sum(number for _, _, number in seen.nodes)),
            nodes_ready=_single(sum(number for _, node_state, number in seen.nodes if node_state == "ready")),
            tasks_desired=_single(seen.tasks_desired),
            tasks_running=_single(seen.tasks_running),
            managers=_single(seen.managers),
            managers_reachable=_single(seen.managers_reachable),
            managers_needed=_single(seen.managers_needed),
        )
    return Sample(slot_of(facts.at), _single(incidents), counts)


def merged(before: Sample | None, later: Sample) -> Sample:
    """Return the sample of a slot with a later reading of it. A reading that is merged twice changes nothing."""
    if before is None:
        return later
    incidents = _joined(before.incidents, later.incidents)
    if before.counts is None or later.counts is None:
        return Sample(later.at, incidents, later.counts or before.counts)
    return Sample(later.at, incidents, Counts(*map(_joined, before.counts, later.counts)))


def _single(number: int) -> Range:
    return Range(number, number, number)


def _joined(before: Range, later: Range) -> Range:
    return Range(min(before.low, later.low), max(before.high, later.high), later.last)
