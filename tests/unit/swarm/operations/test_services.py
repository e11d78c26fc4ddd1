"""Changes to services: written once and only over what was planned, and judged by their tasks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.errors import EngineError, Failed
from bot.model import Engines, Facts, basis_of, differences
from bot.stored_json import to_json
from bot.swarm.operations.services import ChangeService, ResumeUpdate, RollBackService
from bot.swarm.services.spec.spec_edit import SpecEdit
from handlers.change_service import UpdateServiceArguments, update_service
from handlers.rollback import ResumeArguments, RollbackArguments, resume, rollback
from tests.kits.commands import plan_of
from tests.plans.description import Description
from tests.plans.parts import NOW

BEGAN = "2027-01-15T07:50:00Z"
"""NOW less ten minutes, as an engine writes it."""
TASK = {"service": "web", "node": "id-host-2", "state": "running", "minutes": 30}


class OneService:
    """Engines of a cluster whose manager has one service. ``between`` runs once, after the first read of it."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.record = record
        self.written: list[str] = []
        self.between: Callable[[], None] = lambda: None

    def __getitem__(self, host: str) -> OneService:
        """Return the manager."""
        return self

    host = "host-1"

    def service(self, _: str) -> dict[str, Any]:
        """Return the record, and let somebody else act after that."""
        found = copy.deepcopy(self.record)
        between, self.between = self.between, lambda: None
        between()
        return found

    def update_service(self, _: str, version: int, spec: dict[str, Any]) -> None:
        """Take a spec with the present version."""
        self._check(version)
        self.written.append("update")
        self.edit(lambda _: spec)

    def roll_back_service(self, _: str, version: int, __: dict[str, Any]) -> None:
        """Exchange both specs."""
        self._check(version)
        self.written.append("rollback")
        previous = self.record["PreviousSpec"]
        self.edit(lambda _: previous)

    def edit(self, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Make an update, as an engine keeps it."""
        self.record["PreviousSpec"], self.record["Spec"] = self.record["Spec"], change(self.record["Spec"])
        self.record["Version"]["Index"] += 1

    def _check(self, version: int) -> None:
        if version != self.record["Version"]["Index"]:
            raise EngineError("host-1", 500, "rpc error: update out of sequence")


def seen(**service: Any) -> Facts:
    """Return facts with the service web, whose two tasks run."""
    good_specs = service.pop("good_specs", {})
    tasks = service.pop("tasks", [{**TASK, "slot": 1}, {**TASK, "slot": 2}])
    hosts = {"host-1": {"is": "leader"}, "host-2": {"is": "worker"}}
    described = {"hosts": hosts, "services": {"web": {"replicas": 2, **service}}, "task_list": tasks}
    described["good_specs"] = good_specs
    return Description.model_validate(described).facts()


def engines_of(facts: Facts, status: dict[str, Any] | None = None) -> OneService:
    """Return engines with the service as the facts show it."""
    assert facts.swarm is not None
    service = facts.swarm.services[0]
    record = {"Version": {"Index": 7}, "Spec": dict(service.spec), "UpdateStatus": status or {}}
    if service.previous_spec is not None:
        record["PreviousSpec"] = dict(service.previous_spec)
    return OneService(copy.deepcopy(record))


def applied(operation: Any, engines: OneService, facts: Facts) -> None:
    """Apply the operation."""
    operation.apply(cast("Engines", engines), facts)


def change(facts: Facts, **flags: Any) -> ChangeService:
    """Return the step of an update with these flags."""
    [step] = plan_of(update_service, facts, UpdateServiceArguments("web", **flags)).steps
    assert isinstance(step.operation, ChangeService)
    return step.operation


def with_env(entry: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return somebody else's update of the environment."""
    name, _, value = entry.partition("=")
    return SpecEdit(env=((name, value),)).edited


def test_an_update_by_somebody_else_is_not_lost() -> None:
    """The spec is read again after a conflict, and both changes are in it."""
    facts = seen()
    engines = engines_of(facts)
    engines.between = lambda: engines.edit(with_env("B=2"))
    applied(change(facts, env=(("A", "1"),)), engines, facts)
    assert engines.record["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"] == ["B=2", "A=1"]
    assert engines.written == ["update"]


def test_what_somebody_else_changed_is_not_overwritten() -> None:
    """The plan showed another old value, so nothing is written."""
    facts = seen()
    engines = engines_of(facts)
    engines.between = lambda: engines.edit(SpecEdit(image="nginx:1.26").edited)
    with pytest.raises(Failed, match="`web` was changed by somebody else after this was planned: image") as caught:
        applied(change(facts, image="nginx:1.27"), engines, facts)
    assert caught.value.true_now == "This order changed nothing."
    assert engines.written == []


def test_a_change_that_is_made_already_is_not_made_again() -> None:
    """Any update overwrites the spec that a rollback returns to."""
    facts = seen()
    operation, engines = change(facts, image="nginx:1.27"), engines_of(facts)
    applied(operation, engines, facts)
    applied(operation, engines, facts)
    assert engines.written == ["update"]


def test_an_update_is_done_when_its_tasks_run() -> None:
    """Not when the spec is written, and not when tasks of the old one run. A label needs no task."""
    operation = change(seen(), image="nginx:1.27")
    assert not operation.satisfied(seen())
    assert not operation.satisfied(seen(image="nginx:1.27", tasks=[{**TASK, "image": "nginx:1.25"}] * 2))
    assert operation.satisfied(seen(image="nginx:1.27"))
    assert operation.progress(seen(image="nginx:1.27", tasks=[TASK])) == "1 of 2 tasks running"
    label = change(seen(), label=(("a", "b"),))
    assert not label.waits
    assert label.satisfied(seen(spec={"Labels": {"a": "b"}}, tasks=[]))


def test_an_update_that_docker_rolled_back_has_failed() -> None:
    """Also for a worker that takes over after that. A rollback of an earlier update says nothing of this one."""
    before = {"state": "rollback_completed", "minutes": 10}
    operation = change(seen(update=before), image="nginx:1.27")
    assert operation.failed(seen(update=before)) == ""
    failed = {
        **TASK,
        "state": "failed",
        "wanted": False,
        "exit_code": 3,
        "image": "nginx:1.27",
        "minutes": 1,
        "slot": 1,
    }
    later = seen(update={"state": "rollback_completed", "minutes": 2}, tasks=[TASK, TASK, failed])
    assert operation.failed(later) == (
        "Docker rolled the update back because tasks failed. The last one: `web.1` on `host-2` failed with exit code 3."
    )
    error = operation.settle(cast("Engines", None), later, Failed("It failed."))
    assert error.true_now == "`web` does not have the new spec; 2 of 2 tasks running."


def test_no_advice_goes_in_circles() -> None:
    """A scale of a service that crashes anyway, and a rollback that fails, are not answered with a rollback."""
    crash = {**TASK, "state": "failed", "wanted": False, "exit_code": 3, "slot": 1, "minutes": 1}
    failing = {"minutes": 2, "tasks": [crash], "replicas": 3}
    why = "`/swarm why web` says more."

    def advice(operation: ChangeService | RollBackService, **service: Any) -> str:
        return operation.settle(cast("Engines", None), seen(**service), Failed("It failed.")).next_step

    scaled = change(seen(), replicas=3)
    fewer = {"Mode": {"Replicated": {"Replicas": 2}}}
    assert advice(scaled, previous=fewer, **failing) == why
    assert advice(scaled, previous=fewer, good_specs={"web": fewer}, **failing) == why
    assert advice(scaled, previous=fewer, replicas=3, tasks=[TASK, TASK]).startswith("`/swarm rollback web` returns")
    previous = {"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.26"}}}
    [step] = plan_of(rollback, seen(image="nginx:1.27", previous=previous), RollbackArguments("web")).steps
    assert isinstance(step.operation, RollBackService)
    there = {**failing, "replicas": 2, "image": "nginx:1.26"}
    left = {"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.27"}}}
    assert advice(step.operation, previous=left, **there) == why
    good = {"web": {"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.24"}}}}
    told = advice(step.operation, previous=left, good_specs=good, **there)
    assert told.startswith("`/swarm rollback web --last-good` returns")


def test_a_failure_is_told_once() -> None:
    """What the error says is not repeated in the state; a task that is stopping is not counted as running."""
    operation = change(seen(), image="nginx:1.27")
    crashed = {**TASK, "state": "failed", "wanted": False, "exit_code": 3, "image": "nginx:1.27", "slot": 2}
    old, stopping = {**TASK, "image": "nginx:1.25"}, {**TASK, "image": "nginx:1.25", "wanted": False}
    tasks = [{**old, "slot": 1}, {**stopping, "slot": 2}, {**crashed, "minutes": 1}]
    now = seen(image="nginx:1.27", update={"state": "paused", "minutes": 2}, minutes=2, tasks=tasks)
    why = operation.failed(now)
    assert why == (
        "Docker paused the update because tasks failed. The last one: `web.2` on `host-2` failed with exit code 3."
    )
    state = "`web` has the new spec; 0 of 2 tasks updated, 1 running; 1 task stopping"
    assert operation.settle(cast("Engines", None), now, Failed(why)).true_now == f"{state}."
    other = operation.settle(cast("Engines", None), now, Failed("Timed out.")).true_now
    assert other == f"{state}; `web.2` on `host-2` failed with exit code 3."


def test_what_runs_now_and_the_way_back_are_told() -> None:
    """After a pause new and old tasks run side by side."""
    operation = change(seen(), image="nginx:1.27")
    mixed = seen(
        image="nginx:1.27",
        previous={"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.25"}}},
        update={"state": "paused", "minutes": 1},
        tasks=[TASK, {**TASK, "image": "nginx:1.25"}],
    )
    assert operation.failed(mixed) == "Docker paused the update because tasks failed."
    error = operation.settle(cast("Engines", None), mixed, Failed("It failed."))
    assert error.true_now == "`web` has the new spec; 1 of 2 tasks updated, 2 running."
    assert error.next_step == "`/swarm rollback web` returns to the spec before. `/swarm why web` says more."


def test_a_rollback_is_made_once_although_a_second_one_would_undo_it() -> None:
    """A worker that takes over sees that the service has the spec of before."""
    facts = seen(image="nginx:1.27", previous={"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.25"}}})
    [step] = plan_of(rollback, facts, RollbackArguments("web")).steps
    engines = engines_of(facts)
    assert isinstance(step.operation, RollBackService)
    applied(step.operation, engines, facts)
    applied(step.operation, engines, facts)
    assert engines.written == ["rollback"]
    assert engines.record["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == "nginx:1.25"


def test_a_rollback_to_another_spec_than_the_one_shown_is_refused() -> None:
    """Somebody updated the service meanwhile: Docker would return to another spec."""
    facts = seen(image="nginx:1.27", previous={"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.25"}}})
    [step] = plan_of(rollback, facts, RollbackArguments("web")).steps
    engines = engines_of(facts)
    engines.edit(with_env("B=2"))
    with pytest.raises(Failed, match="was changed by somebody else"):
        applied(step.operation, engines, facts)
    assert engines.written == []


def test_a_paused_update_is_resumed_once() -> None:
    """Only the update that was paused when it was planned."""
    facts = seen(update={"state": "paused", "minutes": 10})
    [step] = plan_of(resume, facts, ResumeArguments("web")).steps
    engines = engines_of(facts, {"State": "paused", "StartedAt": BEGAN})
    assert isinstance(step.operation, ResumeUpdate)
    assert step.operation.last_update == NOW - 600
    applied(step.operation, engines, facts)
    assert engines.written == ["update"]
    engines.record["UpdateStatus"] = {"State": "paused", "StartedAt": "2027-01-15T07:59:00Z"}
    applied(step.operation, engines, facts)
    assert engines.written == ["update"]


def test_an_approval_is_void_if_the_service_was_changed_and_not_if_tasks_moved() -> None:
    """The fingerprint of the spec is part of what people approve; a changed secret counts, and is not in it."""
    arguments = UpdateServiceArguments("web", image="nginx:1.27")

    def basis(facts: Facts) -> Any:
        return basis_of("update-service", arguments, plan_of(update_service, facts, arguments), facts)

    spec = {"TaskTemplate": {"ContainerSpec": {"Env": ["DB_PASSWORD=hunter2"]}}}
    then = seen(spec=spec)
    moved = seen(spec=spec, tasks=[{**TASK, "node": "id-host-1"}])
    other = seen(spec={"TaskTemplate": {"ContainerSpec": {"Env": ["DB_PASSWORD=hunter3"]}}})
    assert differences(basis(then), basis(moved)) == []
    assert differences(basis(then), basis(other)) == ["the service `web` was changed"]
    assert "hunter" not in repr(basis(then))


def test_ages_are_measured_by_the_cluster_s_clock() -> None:
    """A worker whose clock is ahead does not take a task that has just started for one that has run long enough."""
    operation = change(seen(), image="nginx:1.27")
    facts = seen(image="nginx:1.27", tasks=[TASK, {**TASK, "minutes": 0}])
    manager = facts.hosts["host-1"]
    ahead = replace(facts, at=NOW + 60, hosts={**facts.hosts, "host-1": replace(manager, system_time=NOW)})
    assert not operation.satisfied(ahead)
    later = replace(ahead, hosts={**facts.hosts, "host-1": replace(manager, system_time=NOW + 6)})
    assert operation.satisfied(later)


def test_the_last_good_spec_is_written_from_what_was_kept() -> None:
    """The step holds its fingerprint alone; another spec than the planned one is not written."""
    good = {"web": {"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.24", "Env": ["DB_PASSWORD=hunter2"]}}}}
    facts = seen(image="nginx:1.27", previous={}, good_specs=good)
    [step] = plan_of(rollback, facts, RollbackArguments("web", last_good=True)).steps
    assert "hunter2" not in to_json(step.operation)
    assert step.operation.changed_service == ""
    engines = engines_of(facts)
    with pytest.raises(Failed, match="was changed by somebody else"):
        applied(step.operation, engines, seen(image="nginx:1.27", good_specs={"web": {"Labels": {"a": "b"}}}))
    applied(step.operation, engines, facts)
    applied(step.operation, engines, facts)
    assert engines.written == ["update"]
    container = engines.record["Spec"]["TaskTemplate"]["ContainerSpec"]
    assert (container["Image"], container["Env"]) == ("nginx:1.24", ["DB_PASSWORD=hunter2"])


def test_a_failed_update_offers_the_last_good_spec_where_docker_s_own_is_another() -> None:
    """A label that was set on the broken spec has overwritten Docker's record."""
    operation = change(seen(), image="nginx:1.27")
    good = {"web": {"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.24"}}}}
    now = seen(image="nginx:1.27", previous={}, tasks=[], good_specs=good)
    error = operation.settle(cast("Engines", None), now, Failed("It failed."))
    assert error.next_step.startswith("`/swarm rollback web --last-good` returns to the last spec whose tasks ran.")
