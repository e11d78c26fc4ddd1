"""Services for scenarios: created and read on real engines, with variants of the task image and without a registry."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import COMMAND_TIMEOUT_S, until
from tests.kits.scenario import Scenario

NODES: Final = ("host-1", "host-2", "host-3")
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
    """Load the variants on each host."""
    for host in hosts:
        for image, command in ((SECOND_IMAGE, _STAYS), (EXITING_IMAGE, _EXITS)):
            if host.docker("image", "ls", "-q", image):
                continue
            container = host.docker("create", TASK_IMAGE).strip()
            host.docker("commit", "--change", f"CMD {json.dumps(command)}", container, image)
            host.docker("rm", container)


@contextmanager
def engine_of(scenario: Scenario) -> Iterator[Any]:
    """Yield the engine of host-1; types-docker has no types for services."""
    with scenario["host-1"].engine() as engine:
        yield engine


def remove_services(scenario: Scenario) -> None:
    """Remove every service; its tasks may still stop afterwards."""
    with engine_of(scenario) as engine:
        for service in engine.services():
            engine.remove_service(service["ID"])


def stand_empty(scenario: Scenario) -> None:
    """Form a cluster of one manager and two workers, all active, without labels, services and tasks."""
    scenario.stand(workers=NODES[1:])
    remove_services(scenario)
    with engine_of(scenario) as engine:
        for node in engine.nodes():
            empty = {**node["Spec"], "Availability": "active", "Labels": {}}
            if node["Spec"] != empty:
                engine.update_node(node["ID"], node["Version"]["Index"], empty)
    until(lambda: not any(scenario.containers(name) for name in NODES), "no task is left")


def create_service(
    scenario: Scenario, name: str, *options: str, image: str = TASK_IMAGE, command: Iterable[str] = ()
) -> None:
    """Create a service; its tasks start on their own.

    Unless its ports or networks matter it has the host's network: a task costs 0.15 s of CPU then and not 0.23.
    """
    network = () if {"--publish", "--network"} & {*options} else ("--network", "host")
    words = ("--detach", "--no-resolve-image", "--name", name, *network, *options, image, *command)
    scenario["host-1"].docker("service", "create", *words)


def create_running(
    scenario: Scenario,
    name: str,
    *options: str,
    image: str = TASK_IMAGE,
    command: Iterable[str] = (),
    timeout: float = COMMAND_TIMEOUT_S,
) -> None:
    """Create a service, and wait until as many tasks run as are wanted."""
    create_service(scenario, name, *options, image=image, command=command)
    until(lambda: len({*counts(scenario)[name]}) == 1, f"{name} is fully running", timeout=timeout)


def create(scenario: Scenario, name: str, *options: str, replicas: int = 2) -> None:
    """Create a service with quick updates; wait until ``replicas`` tasks run and a worker has read its name."""
    counted = () if "global" in options else ("--replicas", str(replicas))
    create_service(scenario, name, *counted, *QUICK, *options)
    until(lambda: len(running(scenario, name)) == replicas, f"{name} runs")
    scenario.ask("eve", "status")


def inspect(scenario: Scenario, name: str) -> dict[str, Any]:
    """Return a service as the engine has it."""
    with engine_of(scenario) as engine:
        found: dict[str, Any] = engine.inspect_service(name)
        return found


def counts(scenario: Scenario) -> dict[str, tuple[int, int]]:
    """Return how many tasks of each service run and how many are wanted, by the engine's own count."""
    with engine_of(scenario) as engine:
        statuses = {service["Spec"]["Name"]: service["ServiceStatus"] for service in engine.services(status=True)}
    return {name: (status["RunningTasks"], status["DesiredTasks"]) for name, status in statuses.items()}


def running(scenario: Scenario, name: str, field: str = "Image") -> list[str]:
    """Return a field of each task that runs and is wanted to, by its name in ``docker service ps``."""
    form = f"{{{{.CurrentState}}}}\t{{{{.{field}}}}}"
    words = ("--filter", "desired-state=running", "--format", form)
    rows = (line.split("\t") for line in scenario["host-1"].docker("service", "ps", name, *words).splitlines())
    return sorted(found for state, found in rows if state.startswith("Running "))


def wanted(scenario: Scenario, name: str) -> set[str]:
    """Return the ids of the tasks that are wanted to run."""
    return {*scenario["host-1"].docker("service", "ps", "-q", "--filter", "desired-state=running", name).split()}
