"""What the gate itself carries out: a cancelled job, freezes, the second factor, incidents that people handle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from bot.blocks import Message


@dataclass(frozen=True, slots=True)
class CancelJob:
    """Stop a job: at once while it waits, between steps while it runs."""

    job: str


@dataclass(frozen=True, slots=True)
class FreezeCluster:
    """Start a freeze: each change needs one more approval, until a time (a text that ``read_future`` reads)."""

    until: str
    reason: str


@dataclass(frozen=True, slots=True)
class ThawCluster:
    """End the freeze that `/swarm freeze` started."""


@dataclass(frozen=True, slots=True)
class EnrolTotp:
    """Set up the requester's second factor."""


@dataclass(frozen=True, slots=True)
class ResetTotp:
    """Remove the second factor of ``person`` (U…)."""

    person: str


@dataclass(frozen=True, slots=True)
class AcknowledgeIncident:
    """Note that the requester knows of an incident."""

    incident: str


@dataclass(frozen=True, slots=True)
class SilenceSubject:
    """Keep a node's or a service's incidents, or all, quiet for this many seconds."""

    subject: str
    """A name, or ``all``."""
    for_s: float
    reason: str


@dataclass(frozen=True, slots=True)
class EndSilence:
    """End a silence."""

    silence: str


WatchOrder = AcknowledgeIncident | SilenceSubject | EndSilence
Control = CancelJob | FreezeCluster | ThawCluster | EnrolTotp | ResetTotp | WatchOrder


class ControlResult(NamedTuple):
    """What the gate did."""

    reply: Message
    """For the requester."""
    announcement: Message | None = None
    """For the cluster's channel; None if nothing changed, or if another message of that channel says it."""
