"""A run of a job: started once, and judged by its own tasks."""

from __future__ import annotations

from typing import Any

import pytest

from bot.errors import Failed
from bot.model import Facts
from bot.swarm.operations import RunJob
from tests.plans.description import Description

JOB = RunJob("migrate", "prod", id="id-migrate", spec="", force=2)
FAILED = {"state": "failed", "wanted": False, "exit_code": 3, "error": "task: non-zero exit (3)", "slot": 1}


def seen(*tasks: dict[str, Any], force: int = 2, completed: int = 0) -> Facts:
    """Return facts with a job of two tasks; ``tasks`` are from its present spec, on host-1, for some time."""
    job = {"mode": "replicated job", "replicas": 2, "completed": completed}
    job["spec"] = {"TaskTemplate": {"ForceUpdate": force}}
    listed = [{"service": "migrate", "node": "id-host-1", "minutes": 0.2, **task} for task in tasks]
    described = {"hosts": {"host-1": {"is": "leader"}}, "services": {"migrate": job}, "task_list": listed}
    return Description.model_validate(described).facts()


def test_a_run_has_completed_when_all_its_tasks_have() -> None:
    """The completed tasks of the run before do not count."""
    assert not JOB.satisfied(seen(force=1, completed=2))
    assert not JOB.satisfied(seen({"state": "running"}, completed=1))
    assert JOB.progress(seen({"state": "running"}, completed=1)) == "1 of 2 tasks completed, 1 running"
    assert JOB.satisfied(seen(completed=2))


@pytest.mark.parametrize(
    ("tasks", "verdict"),
    [
        ([{"state": "running"}, FAILED], ""),
        ([FAILED], "Docker does not restart tasks that failed. The last one: `migrate.1` on `host-1` failed with exit"),
        ([{"state": "running"}, FAILED, FAILED], "Tasks fail again and again: 2 tasks failed so far."),
        ([{"state": "pending", "node": "", "error": "no suitable node"}], "No node takes all tasks: 1 task pending"),
    ],
    ids=["one failed, another runs", "one failed for good", "a crash loop", "no node takes it"],
)
def test_why_a_run_will_not_complete(tasks: list[dict[str, Any]], verdict: str) -> None:
    """The counts of a failed job are those of one that waits."""
    told = JOB.failed(seen(*tasks))
    assert told.startswith(verdict)
    assert bool(told) is bool(verdict)
    assert JOB.failed(seen(*tasks, force=1)) == "", "the run before says nothing of this one"


def test_a_run_is_started_once() -> None:
    """Its number shows whether it was started already, or somebody else was faster."""
    spec = {"TaskTemplate": {"ForceUpdate": 1}, "Name": "migrate"}
    begun = JOB._edited(spec)
    assert begun == {"TaskTemplate": {"ForceUpdate": 2}, "Name": "migrate"}
    assert JOB._edited(begun) is begun
    with pytest.raises(Failed, match="was run by somebody else"):
        JOB._edited({"TaskTemplate": {"ForceUpdate": 3}})
