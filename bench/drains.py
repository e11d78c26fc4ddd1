"""How soon a node no longer runs a task: with ``docker node update`` on the manager, and with Swarmbot, in turn."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Final

from bench.result import Measured, Table
from bench.turns import rows_of
from bot.errors import Failed
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until

TASKS: Final = 6
WORKERS: Final = ("host-2", "host-3")
ROUNDS: Final = 7
TIMEOUT_S: Final = 90.0
POLL_S: Final = 0.05
STATES: Final = ("--filter", "desired-state=running", "--format", "{{.Node}} {{.CurrentState}}")


def measure(*, quick: bool) -> Measured:
    """Drain a worker with half of the tasks in each way."""
    times: dict[str, list[float]] = {"docker node update, on the manager": [], "/swarm drain": []}
    notes = [
        f"{TASKS // 2} of {TASKS} tasks run on the node. Until it has no container; Swarmbot from Slack's request."
    ]
    try:
        _take_turns(times, 1 if quick else ROUNDS)
    except Failed as error:
        if not all(times.values()):
            raise
        notes.append(f"It ended early: {error}")
    return Measured((Table(("way", "runs", "median, ms", "of the first"), tuple(rows_of(times))),), notes=tuple(notes))


def _take_turns(times: dict[str, list[float]], rounds: int) -> None:
    """Add the ms of each drain to ``times``."""
    folder = Path(tempfile.mkdtemp(prefix="swarmbot-bench-"))
    with Fleet(folder, size=3) as fleet, Deployment(fleet, folder / "deployment", watchers=1) as deployment:
        manager = _make_cluster(fleet)
        for _ in range(rounds):
            for way, taken in times.items():
                _spread(manager)
                began = time.monotonic()
                if way.startswith("docker"):
                    manager.docker("node", "update", "--availability", "drain", WORKERS[0])
                else:
                    deployment.slack.slash("ada", "prod", f"drain {WORKERS[0]}")
                _await_no_tasks(fleet[WORKERS[0]])
                taken.append((time.monotonic() - began) * 1000)
                _activate(deployment, manager)


def _make_cluster(fleet: Fleet) -> Host:
    manager = fleet["host-1"]
    manager.docker("swarm", "init", "--advertise-addr", manager.address)
    token = manager.docker("swarm", "join-token", "-q", "worker").strip()
    for name in WORKERS:
        fleet[name].docker("swarm", "join", "--token", token, f"{manager.address}:2377")
    options = ("--detach", "--no-resolve-image", "--name", "web", "--replicas", "0", "--stop-grace-period", "1s")
    manager.docker("service", "create", *options, "--constraint", "node.role==worker", TASK_IMAGE)
    return manager


def _spread(manager: Host) -> None:
    """Spread the tasks evenly over the workers."""

    def running(count: int) -> bool:
        lines = manager.docker("service", "ps", "web", *STATES).splitlines()
        on = [line.split()[0] for line in lines if line.split()[1] == "Running"]
        return all(on.count(name) == count for name in WORKERS) and len(lines) == count * len(WORKERS)

    for each in (0, TASKS // len(WORKERS)):
        manager.docker("service", "scale", "--detach", f"web={each * len(WORKERS)}")
        until(partial(running, each), f"{each} tasks run on each", timeout=TIMEOUT_S)


def _await_no_tasks(host: Host) -> None:
    with host.engine() as engine:  # the end of the last container has no event on the manager
        until(lambda: not engine.containers(), "the node runs no task", timeout=TIMEOUT_S, max_interval_s=POLL_S)


def _activate(deployment: Deployment, manager: Host) -> None:
    """Make the worker active again, once no order runs."""

    def ended() -> bool:
        return all("draining" not in each.shown for each in deployment.slack.messages("prod"))

    until(ended, "the order has ended", timeout=TIMEOUT_S)
    manager.docker("node", "update", "--availability", "active", WORKERS[0])
