"""What calls of an engine return besides facts: its JSON, join tokens, raw answers and the stream of its events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from bot.secrets.secret import Secret

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class JoinTokens:
    """The join tokens of a cluster."""

    worker: Secret
    manager: Secret


class CurrentTask(NamedTuple):
    """The few fields that are needed of all tasks that should run."""

    service: str
    """The id of its service; "" for a network attachment."""
    node: str
    """The id of its node; "" while it has none."""
    state: str
    created: str
    """As an engine writes a time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An engine's response as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class EventStream(Protocol):
    """A stream of events: an event means that an object of the cluster changed. What changed must be read."""

    def wait(self, timeout_s: float) -> bool:
        """Return whether an event came within ``timeout_s`` seconds. Raises HostUnreachable if the stream broke.

        Silence means nothing: the streams of a worker and of a manager without a quorum are silent.
        """
        ...

    def close(self) -> None:
        """End the stream."""
        ...
