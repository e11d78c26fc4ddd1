"""Deploying objects of a stack: exactly the planned write is sent; and when a deployed service has arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

import pytest

from bot.errors import EngineError, Failed
from bot.model import Engines, Facts, ServiceFacts, StackRecording, TaskFacts, UpdateStatus
from bot.secrets.secret import Secret
from bot.swarm.operations import AwaitService, DeployObject
from bot.swarm.stacks.writes import digest, removals, spec_digest
from tests.kits.recordings import recording
from tests.kits.two_hosts import facts, node

THREE = {"service app_web/Mode/Replicated/Replicas": 3}
NOW = 1_800_000_000.0


class Manager:
    """A manager that notes what is sent, and refuses the first ``conflicts`` updates."""

    def __init__(self, live: Mapping[str, Any] | None = None, conflicts: int = 0) -> None:
        self.sent: list[tuple[Any, ...]] = []
        self.credentials: list[Secret | None] = []
        self._live = live
        self._conflicts = conflicts

    def __getitem__(self, host: str) -> Manager:
        return self

    def service(self, service_id: str) -> dict[str, Any]:
        """Return the live record, with another version each time."""
        return {"ID": service_id, "Spec": self._live, "Version": {"Index": 100 + len(self.sent)}}

    @property
    def stack_recorder(self) -> Manager:
        """Return what knows the credentials."""
        return self

    def registry_auth(self, image: str) -> Secret:
        """Return credentials."""
        return Secret(f"for {image}")

    def write(
        self, method: str, path: str, *, api: str, params: Any = None, body: Any = None, registry_auth: Any = None
    ) -> dict[str, Any]:
        """Note a write."""
        self.credentials.append(registry_auth)
        self.sent.append((method, path, api, params, body))
        if len(self.sent) <= self._conflicts:
            raise EngineError("host-1", 500, "update out of sequence")
        return {}


def seen(found: StackRecording | None, **swarm: Any) -> Facts:
    """Return facts with a recording."""
    read = facts(node())
    assert read.swarm is not None
    return replace(read, at=NOW, stack=found, swarm=replace(read.swarm, **swarm))


def step(found: StackRecording, type_: str, name: str) -> DeployObject:
    """Return the operation for a write of the recording."""
    write = found.write_of(type_, name)  # type: ignore[arg-type] # one of the types
    assert write is not None
    return DeployObject("app", write.type, name, write.action, digest(found, write), id=write.id)


def apply(operation: DeployObject, found: StackRecording, manager: Manager) -> Manager:
    """Apply it, and return the manager."""
    operation.apply(cast("Engines", manager), seen(found))
    return manager


def live_web(found: StackRecording) -> Mapping[str, Any]:
    """Return the recorded spec of the service in the cluster."""
    known = found.find("service", "app_web")
    assert known is not None
    return known.spec


def test_a_creation_sends_the_recorded_body() -> None:
    """With the API version that the command line spoke."""
    first = recording(first=True)
    write = first.write_of("secret", "app_password")
    assert write is not None
    manager = apply(step(first, "secret", "app_password"), first, Manager())
    assert manager.sent == [("POST", "/secrets/create", "1.41", None, dict(write.body))]


def test_an_update_is_sent_with_the_newest_version() -> None:
    """A conflict by a bare version is no change: the spec is read again, and it is the same."""
    found = recording(writes=THREE)
    manager = apply(step(found, "service", "app_web"), found, Manager(live_web(found), conflicts=1))
    assert [(path, params) for _, path, _, params, _ in manager.sent] == [
        ("/services/id-app_web/update", {"version": "100"}),
        ("/services/id-app_web/update", {"version": "101"}),
    ]
    assert manager.credentials == [Secret("for swarmbot/task:latest")] * 2


def test_nothing_is_sent_once_something_has_moved() -> None:
    """The file, the live spec, the command line's version, or the spec in the last moment."""
    planned = recording(writes=THREE)
    operation = step(planned, "service", "app_web")
    by_hand = {"service app_web/TaskTemplate/ContainerSpec/User": "1"}
    for moved in (
        recording(writes={"service app_web/Mode/Replicated/Replicas": 4}),
        recording(writes=THREE, objects=by_hand),
        replace(planned, cli="29.0.0"),
        recording(without=("service app_web",)),
    ):
        manager = Manager(live_web(planned))
        with pytest.raises(Failed, match="is not what was planned any more"):
            apply(operation, moved, manager)
        assert manager.sent == []
    changed = Manager(live_web(recording(objects=by_hand)))
    with pytest.raises(Failed, match="is not what was planned any more"):
        apply(operation, planned, changed)
    assert changed.sent == []


def test_a_removal_names_the_object_by_id() -> None:
    """It is done when neither the object nor a task of it is left."""
    found = recording()
    write = removals(found)[1]
    operation = DeployObject("app", "service", "app_web", "delete", digest(found, write), id=write.id)
    assert apply(operation, found, Manager()).sent == [("DELETE", "/services/id-app_web", "", None, None)]
    gone = replace(found, objects=tuple(each for each in found.objects if each.id != write.id))
    task = TaskFacts("id-app_web", "id-host-1", "running", wanted=False)
    assert not operation.satisfied(seen(found))
    assert not operation.satisfied(seen(gone, task_list=(task,)))
    assert operation.progress(seen(gone, task_list=(task,))) == "1 task left"
    assert operation.satisfied(seen(gone))


def test_an_object_is_deployed_when_nothing_is_left_to_write() -> None:
    """A service that the file does not have any more is not; without a recording nothing is known."""
    operation = step(recording(writes=THREE), "service", "app_web")
    assert not operation.satisfied(seen(recording(writes=THREE)))
    assert not operation.satisfied(seen(recording(without=("service app_web",))))
    assert not operation.satisfied(seen(None))
    assert operation.satisfied(seen(recording()))
    network = step(recording(first=True), "network", "app_inner")
    assert not network.satisfied(seen(recording(first=True)))
    assert network.satisfied(seen(recording()))


def test_an_update_that_docker_rolls_back_at_once_has_failed() -> None:
    """One that was rolled back before this deploy is no failure of it."""
    operation = replace(step(recording(writes=THREE), "service", "app_web"), last_update=5.0)
    for started, failed in ((5.0, False), (6.0, True)):
        service = ServiceFacts("app_web", 0, 3, id="id-app_web", update=UpdateStatus("rollback_completed", "", started))
        assert bool(operation.failed(seen(recording(writes=THREE), services=(service,)))) is failed


@pytest.mark.parametrize("order", ["deploy app --no-resolve --revision 3", "undeploy app"])
def test_a_failed_step_says_what_is_done_and_how_to_go_on(order: str) -> None:
    """With the words of the order, so that the next step is about the same files."""
    found = recording(first=True)
    operation = replace(step(found, "secret", "app_password"), order=order)
    told = operation.settle(cast("Engines", Manager()), seen(found), Failed("The engine refused it."))
    assert told.true_now == (
        "secret `app_password` does not exist. Steps before this one are done, later ones are not."
    )
    assert told.next_step == f"`/swarm {order} --plan` shows what is left."
    with pytest.raises(Failed) as moved:
        apply(operation, replace(found, cli="29.0.0"), Manager())
    assert moved.value.next_step == f"`/swarm {order} --plan` shows what would change now."


def test_a_service_that_does_not_come_up_says_the_way_back_or_why() -> None:
    """A new service has no spec to return to."""
    found = recording()
    operation = AwaitService("app", "app_web", spec_digest(found, live_web(found)))
    for previous, told in (({"Name": "app_web"}, "/swarm rollback app_web"), (None, "/swarm why app_web")):
        service = ServiceFacts("app_web", 0, 2, id="id-app_web", spec=live_web(found), previous_spec=previous)
        read = seen(replace(found, writes=()), services=(service,))
        assert told in operation.settle(cast("Engines", Manager()), read, Failed("It crashed.")).next_step


def test_a_long_difference_says_what_it_leaves_out() -> None:
    """An approver must know that there is more, and where."""
    changes = tuple(f"environment variable V{number} `{'x' * 100}` added" for number in range(60))
    operation = DeployObject("app", "service", "app_web", "update", "", changes=changes)
    operation = replace(operation, changes=(*changes, "all 2 tasks restart"))
    assert operation.doing.endswith(
        ", and 43 more, which `/swarm stack app --diff --revision 0` shows, all 2 tasks restart"
    )
    assert len(operation.doing) < 2500


@pytest.mark.parametrize(
    ("state", "deployed", "arrived", "failed"),
    [
        ("completed", True, True, ""),
        ("rollback_completed", False, False, "Docker rolled the update back because tasks failed."),
        ("rollback_started", False, False, ""),
        ("completed", False, False, "Somebody else has changed `app_web` since."),
        ("paused", True, False, "Docker paused the update because tasks failed."),
    ],
)
def test_a_service_has_arrived_with_the_deployed_spec_only(
    state: str,
    deployed: bool,  # noqa: FBT001 - pytest's parameter
    arrived: bool,  # noqa: FBT001 - pytest's parameter
    failed: str,
) -> None:
    """Tasks of the spec before may run well after a rollback."""
    found = recording()
    spec = live_web(found)
    operation = AwaitService("app", "app_web", spec_digest(found, spec))
    spec = spec if deployed else {**spec, "Labels": {}}
    update = UpdateStatus(state, "", NOW - 90)
    service = ServiceFacts("app_web", 2, 2, id="id-app_web", spec=spec, update=update, updated=NOW - 90)
    running = TaskFacts("id-app_web", "id-host-1", "running", wanted=True, since=NOW - 60, spec=spec["TaskTemplate"])
    tasks = (replace(running, slot=1),) if state == "paused" else (replace(running, slot=1), replace(running, slot=2))
    read = seen(replace(found, writes=()), services=(service,), task_list=tasks)
    assert operation.satisfied(read) is arrived
    assert operation.failed(read).startswith(failed)
    assert bool(operation.failed(read)) is bool(failed)
