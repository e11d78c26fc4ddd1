"""A freeze: a time in which each change of a cluster needs one yes more."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Freeze:
    """A freeze that holds. ``until`` is in unix seconds; ``by`` is U…, or "" where swarmbot.yml ``scheduled`` it."""

    cluster: str
    until: float
    by: str
    reason: str
    scheduled: bool = False
