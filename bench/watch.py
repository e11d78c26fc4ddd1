"""How soon watch reports that a worker has lost power, beside the engines' own detection, and what watch costs."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from bench.elections import leader_of, next_leader
from bench.processes import cpu_share, memory_mib
from bench.result import Cell, Goal, Measured, Table
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from sandbox.slack.observer import Observer

TASKS: Final = 30
MANAGERS: Final = ("host-1", "host-2", "host-3")
WORKERS: Final = ("host-4", "host-5")
"""The workers in turn run all tasks: Docker does not move them back."""
ROUNDS: Final = 6
"""In each round a worker loses power, and then the leader: a host that loses power too often would count as
flapping."""
QUIET_S: Final = 45.0
"""How long the cost of watching a quiet cluster is measured."""
TIMEOUT_S: Final = 90.0
WELL_TIMEOUT_S: Final = 300.0
"""An incident that flaps ends minutes later."""
POLL_S: Final = 0.05


def measure(*, quick: bool) -> Measured:
    """Measure the delays after power cuts, and CPU and memory of the process."""
    folder = Path(tempfile.mkdtemp(prefix="swarmbot-bench-"))
    with Fleet(folder) as fleet, Deployment(fleet, folder / "deployment") as deployment:
        make_cluster(fleet)
        deployment.start("watch.1")
        process = deployment.processes["watch.1"].pid
        time.sleep(QUIET_S / 3)
        share, memory = cpu_share(process, QUIET_S / 9 if quick else QUIET_S), memory_mib(process)
        cuts, elections = [], []
        for name in islice(cycle(WORKERS), 1 if quick else ROUNDS):
            cuts.append(_power_cut(fleet, deployment, name))
            elections.append(_leader_cut(fleet, deployment))
        cost = ("quiet cluster of 5 nodes", share * 100, memory, memory_mib(process))
    return Measured(
        (
            Table(
                ("what", "runs", "until the engines know it, s", "until it is told, s: median", "most"),
                (_delays("a worker's power cut", cuts), _delays("the leader's power cut", elections)),
            ),
            Table(("watch", "of one core, %", "memory, MiB", "memory at the end, MiB"), (cost,)),
        ),
        (
            Goal("a worker's power cut: most, until it is told", max(told for _, told in cuts), 5, "s"),
            Goal(
                "the leader's power cut: most, until the new one is named", max(told for _, told in elections), 3, "s"
            ),
        ),
        ("Told: in Slack, counted from when a manager knew it.",),
    )


def _delays(what: str, found: Sequence[tuple[float, float]]) -> tuple[Cell, ...]:
    known, told = zip(*found, strict=True)
    return what, len(found), statistics.median(known), statistics.median(told), max(told)


def make_cluster(fleet: Fleet) -> None:
    """Create three managers and two workers. The first worker joins alone, so it gets all tasks."""
    first = fleet["host-1"]
    first.docker("swarm", "init", "--advertise-addr", first.address)
    for name in (*MANAGERS[1:], WORKERS[0]):
        _join(fleet, name)
    options = ("--detach", "--no-resolve-image", "--name", "web", "--replicas", str(TASKS))
    first.docker("service", "create", *options, "--constraint", "node.role==worker", TASK_IMAGE)
    _await_tasks(first)
    _join(fleet, WORKERS[1])


def _join(fleet: Fleet, name: str) -> None:
    first, role = fleet["host-1"], "manager" if name in MANAGERS else "worker"
    token = first.docker("swarm", "join-token", "-q", role).strip()
    fleet[name].docker("swarm", "join", "--token", token, f"{first.address}:2377")


def _await_tasks(manager: Host) -> None:
    form = ("--filter", "desired-state=running", "--format", "{{.CurrentState}}")
    until(lambda: manager.docker("service", "ps", "web", *form).count("Running") == TASKS, "all run", timeout=TIMEOUT_S)


def _power_cut(fleet: Fleet, deployment: Deployment, name: str) -> tuple[float, float]:
    """Return the seconds from a power cut to the engines' detection, and from there to the message."""
    _await_well(fleet, deployment)
    _await_tasks(fleet["host-1"])
    began = time.monotonic()
    after = len(deployment.slack.transcript())
    fleet[name].power_off()
    until(
        lambda: _state(fleet["host-1"], name) == "down",
        f"the engines know that {name} is down",
        timeout=TIMEOUT_S,
        max_interval_s=POLL_S,
    )
    detected = time.monotonic()

    def told(slack: Observer) -> bool:
        return any(f"`{name}` (worker) is down" in each.text for each in slack.transcript(after))

    deployment.slack.wait_for(told, TIMEOUT_S)
    ended = time.monotonic()
    fleet[name].power_on()
    until(lambda: _state(fleet["host-1"], name) == "ready", f"{name} is ready", timeout=TIMEOUT_S)
    return detected - began, ended - detected


def _leader_cut(fleet: Fleet, deployment: Deployment) -> tuple[float, float]:
    """Return the seconds from the cut to the next election, and from there until it is named."""
    _await_well(fleet, deployment)
    old = leader_of(fleet["host-1"])
    others = [fleet[name] for name in MANAGERS if name != old]
    time.sleep(QUIET_S / 3)  # as if they had been managers for long
    began = time.monotonic()
    after = len(deployment.slack.transcript())
    with ThreadPoolExecutor(1) as pool:
        election = pool.submit(next_leader, others, old, TIMEOUT_S)
        fleet[old].power_off()
        named = re.compile(rf"`(?!{old}`)host-\d` leads prod")
        deployment.slack.wait_for(
            lambda slack: any(named.search(each.text) for each in slack.transcript(after)), TIMEOUT_S
        )
        told = time.monotonic()
        elected, _ = election.result(TIMEOUT_S)
    fleet[old].power_on()
    return elected - began, told - elected


def _await_well(fleet: Fleet, deployment: Deployment) -> None:
    """Wait until all managers are reachable for the first one, and every incident is over."""

    def is_well() -> bool:
        is_open = any("[Acknowledge]" in each.shown for each in deployment.slack.messages("prod"))
        return len(_reachable(fleet["host-1"])) == len(MANAGERS) and not is_open

    until(is_well, "three managers are reachable, nothing is wrong", timeout=WELL_TIMEOUT_S)


def _reachable(manager: Host) -> list[str]:
    with manager.engine() as engine:
        nodes: list[dict[str, Any]] = engine.nodes()
    managers = {node["Description"]["Hostname"]: node["ManagerStatus"] for node in nodes if "ManagerStatus" in node}
    return [name for name, status in managers.items() if status["Reachability"] == "reachable"]


def _state(manager: Host, name: str) -> str:
    with manager.engine() as engine:
        nodes: list[dict[str, Any]] = engine.nodes()
    return str(next(node["Status"]["State"] for node in nodes if node["Description"]["Hostname"] == name))
