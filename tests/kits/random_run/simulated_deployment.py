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
WATCH: Final = {"poll": "1s", "quiet_poll": "2s", "group_interval": "5s"}


class SimulatedDeployment(Deployment):
    """A context manager. ``cluster`` is the path of the socket of a :class:`SharedCluster` with these hosts."""

    def __init__(self, folder: Path, cluster: Path, *, hosts: list[str], workers: int, watchers: int = 0) -> None:
        addresses = {name: f"10.0.0.{number}" for number, name in enumerate(hosts, 1)}
        rules = {**PEOPLE["rules"], "approvals": RULES}
        config = {
            "clusters": {"prod": {"channel": "C0PROD", "hosts": addresses}},
            "people": PEOPLE["people"],
            "rules": rules,
            "watch": WATCH,
        }
        none = Fleet(folder / "no hosts", size=0)
        environment = {SOCKET: str(cluster)}
        super().__init__(none, folder, workers=workers, watchers=watchers, config=config, environment=environment)

    def start(self, name: str) -> None:
        """Start a process; what reaches hosts with simulated ones."""
        part = name.partition(".")[0]
        if part in {"worker", "watch"}:
            self._spawn(name, [sys.executable, "-m", "tests.kits.random_run.simulated_worker", part])
        else:
            super().start(name)
