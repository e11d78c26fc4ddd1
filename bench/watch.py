"""How soon watch tells that a worker has lost power, beside the engines' own detection, and what watch costs.

On real Docker hosts, so not a part of ``python -m bench``: ``python -m bench.watch`` takes about three minutes.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import docker
import requests

from bench.processes import cpu_s, memory_mib
from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from sandbox.slack.observer import Observer

TASKS: Final = 30
MANAGERS: Final = ("host-1", "host-2", "host-3")
WORKERS: Final = ("host-2", "host-3", "host-4", "host-5")
QUIET_S: Final = 45.0
"""How long the cost of watching a quiet cluster is measured."""
TIMEOUT_S: Final = 90.0


def main() -> None:
    """Print the delays of each power cut, and CPU and memory of the process."""
    folder = Path(tempfile.mkdtemp(prefix="swarmbot-bench-"))
    with Fleet(folder) as fleet, Deployment(fleet, folder / "deployment") as deployment:
        make_cluster(fleet)
        deployment.start("watch.1")
        process = deployment.processes["watch.1"].pid
        time.sleep(QUIET_S / 3)
        spent, began = cpu_s(process), time.monotonic()
        time.sleep(QUIET_S)
        share = (cpu_s(process) - spent) / (time.monotonic() - began)
        print(f"quiet cluster of {len(fleet.hosts)} nodes: {share:.1%} of one core, {memory_mib(process):.0f} MiB")
        delays = [_power_cut(fleet, deployment, name) for name in WORKERS]
        print(f"{'host':<8}{'down after':>12}{'told after that':>18}")
        for name, (detected_s, told_s) in zip(WORKERS, delays, strict=True):
            print(f"{name:<8}{detected_s:>10.1f} s{told_s:>16.1f} s")
        told = [each for _, each in delays]
        print(f"told after the engines' detection: median {statistics.median(told):.1f} s, worst {max(told):.1f} s")
        elected_s, named_s = _leader_cut(fleet, deployment)
        print(f"leader: another one after {elected_s:.1f} s, named {named_s:.1f} s after that")
        print(f"memory at the end: {memory_mib(process):.0f} MiB")


def make_cluster(fleet: Fleet) -> None:
    """Make a cluster of one manager and four workers with 30 tasks."""
    first = fleet["host-1"]
    first.docker("swarm", "init", "--advertise-addr", first.address)
    token = first.docker("swarm", "join-token", "-q", "worker").strip()
    for name in WORKERS:
        fleet[name].docker("swarm", "join", "--token", token, f"{first.address}:2377")
    options = ("--detach", "--no-resolve-image", "--name", "web", "--replicas", str(TASKS))
    first.docker("service", "create", *options, "--constraint", "node.role==worker", TASK_IMAGE)
    form = ("--filter", "desired-state=running", "--format", "{{.CurrentState}}")
    until(lambda: first.docker("service", "ps", "web", *form).count("Running") == TASKS, "all run", timeout=TIMEOUT_S)


def _power_cut(fleet: Fleet, deployment: Deployment, name: str) -> tuple[float, float]:
    """Return the seconds from a power cut to the engines' detection, and from there to the message."""
    began = time.monotonic()
    after = len(deployment.slack.transcript())
    fleet[name].power_off()
    until(lambda: _state(fleet["host-1"], name) == "down", f"{name} is down", timeout=TIMEOUT_S)
    detected = time.monotonic()

    def told(slack: Observer) -> bool:
        return any(f"`{name}` (worker) is down" in each.text for each in slack.transcript(after))

    deployment.slack.wait_for(told, TIMEOUT_S)
    ended = time.monotonic()
    fleet[name].power_on()
    until(lambda: _state(fleet["host-1"], name) == "ready", f"{name} is ready", timeout=TIMEOUT_S)
    return detected - began, ended - detected


def _leader_cut(fleet: Fleet, deployment: Deployment) -> tuple[float, float]:
    """Return the seconds from the leader's power cut to the next election, and from there until it is named."""
    first = fleet["host-1"]
    first.docker("node", "promote", "host-2", "host-3")
    until(lambda: len(_reachable(first)) == len(MANAGERS), "three managers are reachable", timeout=TIMEOUT_S)
    time.sleep(QUIET_S / 3)  # as if they had been managers for long
    began = time.monotonic()
    after = len(deployment.slack.transcript())
    first.power_off()
    until(lambda: _leader(fleet["host-2"]) in MANAGERS[1:], "another manager leads", timeout=TIMEOUT_S)
    elected = time.monotonic()
    deployment.slack.wait_for(lambda slack: any("leads prod" in each.text for each in slack.transcript(after)), 60)
    return elected - began, time.monotonic() - elected


def _leader(manager: Host) -> str:
    return next((name for name, leads in _reachable(manager).items() if leads), "")


def _reachable(manager: Host) -> dict[str, bool]:
    """Return the managers that are reachable, and whether each leads; nothing if the engine does not say."""
    try:
        with manager.engine() as engine:
            nodes: list[dict[str, Any]] = engine.nodes()
    except (docker.errors.DockerException, requests.RequestException):
        return {}
    managers = {node["Description"]["Hostname"]: node["ManagerStatus"] for node in nodes if "ManagerStatus" in node}
    return {
        name: bool(status.get("Leader")) for name, status in managers.items() if status["Reachability"] == "reachable"
    }


def _state(manager: Host, name: str) -> str:
    with manager.engine() as engine:
        nodes: list[dict[str, Any]] = engine.nodes()
    return str(next(node["Status"]["State"] for node in nodes if node["Description"]["Hostname"] == name))


if __name__ == "__main__":
    main()
