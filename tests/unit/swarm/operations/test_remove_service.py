"""The removal of a service: seen when its tasks have stopped, and refused for a service that was changed."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.errors import Failed
from bot.model import Engines, Facts
from bot.swarm.operations import RemoveService
from bot.swarm.services.spec.spec_changes import spec_fingerprint
from tests.plans.description import Description

TASK = {"service": "web", "node": "id-host-2", "state": "running", "minutes": 5}


def seen(*tasks: dict[str, Any], services: dict[str, Any] | None = None, host_2: str = "ready") -> Facts:
    """Return facts with these tasks of web, on host-2."""
    hosts = {"host-1": {"is": "leader"}, "host-2": {"is": "worker", "record": {"state": host_2}}}
    described = {"hosts": hosts, "services": services or {}, "task_list": [{**TASK, **task} for task in tasks]}
    return Description.model_validate(described).facts()


class Engine:
    """A manager that notes what is removed."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    def __getitem__(self, host: str) -> Engine:
        """Return the manager."""
        return self

    def remove_service(self, service_id: str) -> None:
        """Note it."""
        self.removed.append(service_id)


def removal(facts: Facts) -> RemoveService:
    """Return the removal of web as ``facts`` show it."""
    assert facts.swarm is not None
    return RemoveService("id-web", "web", "prod", spec_fingerprint(facts.swarm.services[0].spec))


def test_a_removal_is_done_when_no_task_is_left() -> None:
    """Docker answers at once. A node that is down stops its tasks when it is back, and is not waited for."""
    operation = removal(seen(services={"web": {}}))
    assert not operation.satisfied(seen({}, services={"web": {}}))
    assert not operation.satisfied(seen({"wanted": False}))
    assert operation.progress(seen({"wanted": False})) == "1 task left"
    assert operation.satisfied(seen({"wanted": False}, host_2="down"))
    assert operation.satisfied(seen({"state": "shutdown", "wanted": False}))


def test_a_service_that_was_changed_is_not_removed() -> None:
    """The person who changed it may need it."""
    operation, engine = removal(seen(services={"web": {}})), Engine()
    with pytest.raises(Failed, match="was changed by somebody else"):
        operation.apply(cast("Engines", engine), seen(services={"web": {"image": "nginx:1.27"}}))
    assert engine.removed == []
    operation.apply(cast("Engines", engine), seen(services={"web": {}}))
    assert engine.removed == ["id-web"]
