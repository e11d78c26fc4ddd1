"""Facts of a cluster in which ``host-1`` is the leader and ``host-2`` is what a test needs."""

from __future__ import annotations

from typing import Any

from bot.model import Facts
from tests.plans.description import Description

ABSENT: dict[str, Any] = {}
"""A host without a node."""


def facts(host_2: dict[str, Any], **more: Any) -> Facts:
    """Return facts in which host-2 is as described."""
    return Description.model_validate({"hosts": {"host-1": {"is": "leader"}, "host-2": host_2}, **more}).facts()


def node(role: str = "worker", *, host: dict[str, Any] | None = None, **record: Any) -> dict[str, Any]:
    """Return the description of a host that is a node with this record."""
    return {"is": role, "record": record, **(host or {})}
