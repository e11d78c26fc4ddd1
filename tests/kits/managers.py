"""Facts of a cluster with three managers."""

from __future__ import annotations

from typing import Any

from bot.model import Facts
from tests.plans.description import Description


def three_managers(**second: Any) -> Facts:
    """Return facts of three managers during a CA rotation. ``second`` changes the second one, ``host-2``."""
    hosts = {"host-1": {"is": "leader"}, "host-2": {"is": "manager", **second}, "host-3": {"is": "manager"}}
    return Description.model_validate({"hosts": hosts, "root": "own", "issuer": "corporate", "rotating": True}).facts()
