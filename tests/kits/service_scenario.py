"""Services for scenarios of their changes, and variants of the task image, on every host, without a registry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario

SECOND_IMAGE: Final = "swarmbot/task:two"
"""Runs as the first one does."""
EXITING_IMAGE: Final = "swarmbot/task:exits"
"""Prints a line and exits with code 3 after two seconds."""
EXIT_CODE: Final = 3
QUICK: Final = (
    *("--update-monitor", "4s", "--rollback-monitor", "1s"),
    *("--update-parallelism", "1", "--stop-grace-period", "2s"),
)
_STAYS: Final = ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"]
_EXITS: Final = ["sh", "-c", f"sleep 2; echo no database; exit {EXIT_CODE}"]


def have_variants(hosts: Iterable[Host]) -> None:
    """Have the variants on each host."""
    for host in hosts:
        for image, command in ((SECOND_IMAGE, _STAYS), (EXITING_IMAGE, _EXITS)):
            if host.docker("image", "ls", "-q", image):
                continue
            container = host.docker("create", TASK_IMAGE).strip()
            host.docker("commit", "--change", f"CMD {json.dumps(command)}", container, image)
            host.docker("rm", container)


def create(scenario: Scenario, name: str, *options: str, replicas: int = 2) -> None:
    """Create a service, wait until ``replicas`` of its tasks run, and have a worker read its name."""
    counted = () if "global" in options else ("--replicas", str(replicas))
    common = ("--detach", "--no-resolve-image", "--name", name, *counted, *QUICK, *options)
    scenario["host-1"].docker("service", "create", *common, TASK_IMAGE)
    until(lambda: len(running(scenario, name)) == replicas, f"{name} runs")
    scenario.ask("eve", "status")


def inspect(scenario: Scenario, name: str) -> dict[str, Any]:
    """Return a service as the engine has it."""
    found: dict[str, Any] = json.loads(scenario["host-1"].docker("service", "inspect", name))[0]
    return found


def running(scenario: Scenario, name: str) -> list[str]:
    """Return the image of each running task."""
    form = ("--filter", "desired-state=running", "--format", "{{.Image}} {{.CurrentState}}")
    lines = scenario["host-1"].docker("service", "ps", name, *form).splitlines()
    return sorted(line.split()[0] for line in lines if line.split()[1] == "Running")
