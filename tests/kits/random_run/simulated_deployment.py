"""Swarmbot's real processes, a real Redis and the local Slack, with a simulated cluster in place of hosts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from sandbox.deployment import PEOPLE, Deployment
from sandbox.fleet import Fleet
from tests.kits.random_run.simulated_worker import SOCKET

RULES: Final[dict[str, Any]] = {
    **{subject: {"count": 0} for subject in ("join manager", "token manager", "demote", "leave", "ca rotate")},
    "force": {"by": ["admins", "operators"]},
    "remove": {"count": 1},
}


class SimulatedDeployment(Deployment):
    """A context manager. ``cluster`` is the path of the socket of a :class:`SharedCluster` with these hosts."""

    def __init__(self, folder: Path, cluster: Path, *, hosts: list[str], workers: int) -> None:
        addresses = {name: f"10.0.0.{number}" for number, name in enumerate(hosts, 1)}
        rules = {**PEOPLE["rules"], "approvals": RULES}
        config = {
            "clusters": {"prod": {"channel": "C0PROD", "hosts": addresses}},
            "people": PEOPLE["people"],
            "rules": rules,
        }
        none = Fleet(folder / "no hosts", size=0)
        super().__init__(none, folder, workers=workers, config=config, environment={SOCKET: str(cluster)})

    def start(self, name: str) -> None:
        """Start a process; a worker with simulated hosts."""
        if name.startswith("worker."):
            self._spawn(name, [sys.executable, "-m", "tests.kits.random_run.simulated_worker"])
        else:
            super().start(name)
