"""Steps with a service: it is scaled, its node is drained without a gap, and a failed update is reported as failed."""

from __future__ import annotations

import json
from typing import Final

from sandbox.fleet.image import TASK_IMAGE
from sandbox.tour.driver import TourDriver

MISSING_IMAGE: Final = "swarmbot/missing:1"
QUICK: Final = ("--update-monitor", "1s", "--stop-grace-period", "1s", "--update-failure-action", "rollback")
"""The tour does not wait for Docker's default of 5 s."""
ENGINE: Final = "host-1's engine"


def scale_service(tour: TourDriver) -> None:
    """The service counts as scaled when this many of its tasks were seen to run."""
    workers = ("--constraint", "node.role==worker", "--health-cmd", "true", "--health-interval", "1s")
    tour.run_on_host("host-1", "docker", "service", "create", "--detach", "--name", "web", *workers, *QUICK, TASK_IMAGE)
    tour.type("ada", "scale web=2", "is scaled")
    tour.confirm("web runs 2 tasks", len(_nodes(tour)) == 2, _nodes(tour), on=ENGINE)  # noqa: PLR2004 - as typed above
    tour.type("ada", "scale web=1", "is scaled")
    tour.type("ada", "services", "web")


def drain_without_gap(tour: TourDriver) -> None:
    """The only task starts on the other worker before the node is drained, and the service's spec is as before."""
    before, [node] = _spec(tour), _nodes(tour)
    tour.type("ada", f"drain {node}", f"`{node}` is drained")
    after = _nodes(tour)
    tour.confirm(f"web runs on another node than {node}", len(after) == 1 and node not in after, after, on=ENGINE)
    tour.confirm("the spec of web is as before", _spec(tour) == before, _spec(tour), on=ENGINE)
    tour.type("ada", f"activate {node}", f"`{node}` is active")


def fail_update(tour: TourDriver) -> None:
    """Docker calls the update rolled back; it is reported as failed, with the reason and with what runs now."""
    tour.type("ada", f"update web --image {MISSING_IMAGE}", "failed")
    image = _spec(tour)["TaskTemplate"]["ContainerSpec"]["Image"]
    tour.confirm("web has its image of before", image == TASK_IMAGE, image, on=ENGINE)
    tour.type("ada", "remove web --yes", "removed")


def _nodes(tour: TourDriver) -> list[str]:
    """Return the node of each running task."""
    words = ("service", "ps", "web", "--filter", "desired-state=running", "--format", "{{.Node}} {{.CurrentState}}")
    rows = [line.split() for line in tour.fleet["host-1"].docker(*words).splitlines()]
    return sorted(node for node, state, *_ in rows if state == "Running")


def _spec(tour: TourDriver) -> dict[str, dict[str, dict[str, str]]]:
    spec: dict[str, dict[str, dict[str, str]]] = json.loads(
        tour.fleet["host-1"].docker("service", "inspect", "web", "--format", "{{json .Spec}}")
    )
    return spec
