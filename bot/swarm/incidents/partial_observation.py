"""What one part of an observation found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from bot.model.observation import Signal, SignalKind


@dataclass(frozen=True, slots=True)
class PartialObservation:
    """Signals, and what their absence means (the fields as in :class:`bot.model.incident.Observation`)."""

    signals: tuple[Signal, ...] = ()
    read: frozenset[SignalKind] = frozenset()
    unread: frozenset[str] = frozenset()
    well: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


NOTHING = PartialObservation()


def joined(parts: Iterable[PartialObservation]) -> PartialObservation:
    """Return all parts in one."""
    parts = list(parts)
    return PartialObservation(
        signals=tuple(signal for part in parts for signal in part.signals),
        read=frozenset(kind for part in parts for kind in part.read),
        unread=frozenset(key for part in parts for key in part.unread),
        well=MappingProxyType({key: text for part in parts for key, text in part.well.items()}),
    )


UNSEEN: Final = "; what the managers see is unknown"
"""The end of the text about a silent host while no manager can be read."""
PLACEHOLDER: Final = re.compile(r"`/swarm [^`]*\b[A-Z]{4,}\b")
"""A command that cannot be typed as it stands: ``/swarm join manager HOST``."""


def typable(steps: Iterable[str]) -> list[str]:
    """Return the steps without those that name a command with a placeholder."""
    return [step for step in steps if not PLACEHOLDER.search(step)]


def key_of(kind: SignalKind, subject: str) -> str:
    """Return the key of a signal of this kind about ``subject``, by its id if it has one."""
    return Signal(kind, subject, "note", "", 0.0).key
