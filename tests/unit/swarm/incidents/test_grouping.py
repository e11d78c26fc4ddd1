"""Tests of the grouping of signals."""

from __future__ import annotations

from typing import get_args

import pytest

from bot.model.incident import PlannedWork
from bot.model.observation import Signal, SignalKind
from bot.swarm.incidents.grouping import RANKS, explains, work_behind

KINDS: tuple[SignalKind, ...] = get_args(SignalKind)


def _signal(kind: SignalKind, subject: str = "host-3", *, service: str = "") -> Signal:
    return Signal(kind, service or subject, "warning", "text", 0.0, nodes=("id-3",), hosts=("host-3",))


def test_every_kind_has_one_rank() -> None:
    """A kind without a rank could not be part of an incident."""
    assert sorted(RANKS) == sorted(KINDS)


@pytest.mark.parametrize("one", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_no_two_signals_explain_each_other(one: SignalKind, other: SignalKind) -> None:
    """Otherwise neither would be reported."""
    assert not (explains(_signal(one), _signal(other)) and explains(_signal(other), _signal(one)))


@pytest.mark.parametrize(
    ("cause", "effect", "explained"),
    [
        ("node down", "host silent", True),
        ("node down", "manager unreachable", True),
        ("node down", "service short of tasks", True),
        ("engine stopped", "node down", True),
        ("quorum lost", "node down", True),
        ("manager unreachable", "quorum at risk", True),
        ("host silent", "leader changed", True),
        ("host silent", "service short of tasks", False),
        ("node down", "certificate expires", True),
        ("node down", "backup old", False),
        ("quorum lost", "service short of tasks", False),
    ],
)
def test_a_cause_on_the_same_node_explains(cause: SignalKind, effect: SignalKind, explained: bool) -> None:  # noqa: FBT001
    """A node that is down explains what follows from it, and nothing else."""
    assert explains(_signal(cause), _signal(effect)) == explained


def test_another_node_explains_nothing() -> None:
    """Two nodes that are down are two incidents."""
    other = Signal("host silent", "host-4", "warning", "text", 0.0, nodes=("id-4",), hosts=("host-4",))
    assert not explains(_signal("node down"), other)


@pytest.mark.parametrize(
    ("work", "kind", "subject", "planned"),
    [
        (PlannedWork("k", "restart host-3", ("host-3",)), "node down", "host-3", True),
        (PlannedWork("k", "restart host-3", ("host-3",), ended_at=50.0), "node down", "host-3", True),
        (PlannedWork("k", "restart host-3", ("host-3",), ended_at=39.0), "node down", "host-3", False),
        (PlannedWork("k", "restart host-9", ("host-9",)), "node down", "host-3", False),
        (PlannedWork("k", "backup", ()), "node down", "host-3", True),
        (PlannedWork("k", "recover", (), ended_at=39.0), "node down", "host-3", False),
        (PlannedWork("k", "recover", (), ended_at=39.0), "service short of tasks", "web", False),
        (PlannedWork("k", "recover", (), ended_at=39.0), "tasks failing", "web", True),
        (PlannedWork("k", "update-service web", ("web",), ended_at=39.0), "tasks failing", "web", False),
        (PlannedWork("k", "backup", ()), "quorum lost", "", False),
        (PlannedWork("k", "backup", ()), "audit chain broken", "", False),
        (PlannedWork("k", "deploy app", ("app",)), "service short of tasks", "app_web", True),
        (PlannedWork("k", "deploy app", ("app",)), "service short of tasks", "apple", False),
    ],
)
def test_a_job_explains_what_it_names(
    work: PlannedWork,
    kind: SignalKind,
    subject: str,
    planned: bool,  # noqa: FBT001
) -> None:
    """It does so while it runs and for a minute after; the loss of the quorum is never planned.

    Of engines that it restarted, tasks that failed count as failing for longer.
    """
    signal = Signal(kind, subject, "critical", "text", 0.0)
    assert (work_behind(signal, [work], 100.0) is not None) == planned
