"""Services and tasks as facts. The records are shortened answers of an engine 20.10.24."""

from __future__ import annotations

from typing import Any

import pytest

from bot.model import UpdateStatus
from bot.model.service import NO_PLATFORM
from bot.swarm.reading import parse_services
from tests.kits.nodes import worker


def service(**more: Any) -> dict[str, Any]:
    """Return a record of ``GET /services``."""
    return {"ID": "web", "Version": {"Index": 4}, "Spec": {"Name": "web"}, **more}


def task(state: str, second: int, *, slot: int = 1, wanted: bool = False, error: str = "") -> dict[str, Any]:
    """Return a task of ``GET /tasks``."""
    return {
        "ID": f"{state}-{second}",
        "ServiceID": "web",
        "CreatedAt": "2026-11-25T10:12:00Z",
        "Spec": {},
        "Slot": slot,
        "DesiredState": "running" if wanted else "shutdown",
        "Status": {"State": state, "Timestamp": f"2026-11-25T10:12:{second:02}.123456789Z", "Err": error},
    }


CRASH = "task: non-zero exit (1)"
HELD = {"Spec": {"Placement": {"Platforms": [dict(NO_PLATFORM)]}}}


@pytest.mark.parametrize(
    ("tasks", "complaint"),
    [
        (
            [task("ready", 9, wanted=True), task("failed", 5, error="old"), task("failed", 8, error=CRASH)],
            f"1 ready, the last task failed: {CRASH}",
        ),
        ([task("failed", 8, error=CRASH)], f"the last task failed: {CRASH}"),
        ([task("starting", 9, wanted=True), task("failed", 8, slot=2, error=CRASH)], "1 starting"),
        (
            [task("pending", 9, wanted=True, error="no suitable node"), task("failed", 8, error=CRASH)],
            "no suitable node",
        ),
        ([task("rejected", 8, error="No such image: a:1")], "the last task was rejected: No such image: a:1"),
        ([task("complete", 9)], ""),
        (
            [task("pending", 9, wanted=True, error="no suitable node (unsupported platform on 1 node)") | HELD],
            "Swarmbot has paused its rollout",
        ),
    ],
    ids=["restarting", "not restarted", "another slot failed", "not placed", "rejected", "ended", "paused"],
)
def test_service_that_lacks_tasks(tasks: list[dict[str, Any]], complaint: str) -> None:
    """The error of the last task that failed in the same place is shown, with its exit code."""
    [web] = parse_services.services([service(ServiceStatus={"RunningTasks": 0, "DesiredTasks": 1})])
    assert parse_services.with_complaints([web], ["web"], parse_services.task_list(tasks))[0].complaint == complaint


def test_a_reason_is_read_for_services_that_may_lack_tasks() -> None:
    """The managers want no task of a global service that crashes. Those that they say lack tasks come first."""
    counts = {
        "full": (1, 1, "Replicated"),
        "agent": (0, 0, "Global"),
        "all": (2, 2, "Global"),
        "web": (0, 1, "Replicated"),
    }
    found = parse_services.services(
        [
            {
                **service(ServiceStatus={"RunningTasks": running, "DesiredTasks": desired}),
                "ID": name,
                "Spec": {"Name": name, "Mode": {mode: {}}},
            }
            for name, (running, desired, mode) in counts.items()
        ]
    )
    nodes = [
        worker(name, availability=availability)
        for name, availability in {"a": "active", "b": "active", "c": "drain"}.items()
    ]
    assert parse_services.may_lack_tasks(found, nodes) == ["web", "agent"]


@pytest.mark.parametrize(
    ("status", "update"),
    [
        ({}, None),
        ({"UpdateStatus": {}}, None),
        (
            {
                "UpdateStatus": {
                    "State": "paused",
                    "StartedAt": "2026-11-25T10:12:27.5Z",
                    "Message": "update paused due to failure",
                }
            },
            UpdateStatus("paused", "update paused due to failure", 1795601547.5),
        ),
    ],
    ids=["never updated", "erased", "paused"],
)
def test_update_status(status: dict[str, Any], update: UpdateStatus | None) -> None:
    """A missing status is None, and a paused update has no end."""
    assert parse_services.services([service(**status)])[0].update == update


def test_an_exit_code_is_known_only_of_a_task_that_has_ended() -> None:
    """An engine sends 0 for a container that runs, and nothing for a task that had none."""
    container = {"ContainerStatus": {"ContainerID": "c1", "ExitCode": 0}}
    running, ended, rejected = task("running", 1, wanted=True), task("complete", 2), task("rejected", 3)
    for each in (running, ended):
        each["Status"] |= container
    found = parse_services.task_list([running, ended, rejected])
    assert [each.exit_code for each in found] == [None, 0, None]
