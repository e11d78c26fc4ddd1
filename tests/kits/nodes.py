"""Nodes as facts, for tests in which a cluster's description would say too much."""

from __future__ import annotations

from typing import Any

from bot.model import NodeFacts


def worker(identity: str, hostname: str = "", **differing: Any) -> NodeFacts:
    """Return an active worker that is ready, with other values where ``differing`` has them; named as its id."""
    facts: dict[str, Any] = {"role": "worker", "availability": "active", "state": "ready", "version": 1, "spec": {}}
    return NodeFacts(identity, hostname or identity, **{**facts, **differing})
