"""Removing an old content of a config: never one that a service uses or could return to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.model import Engines, Facts, GoodSpec, ServiceFacts
from bot.swarm.operations import RemoveVersion
from tests.kits.recordings import recording
from tests.kits.two_hosts import facts, node

OLD = RemoveVersion("app", "config", "app_settings", "id-app_settings")
NAMES_IT = {"TaskTemplate": {"ContainerSpec": {"Configs": [{"ConfigID": "id-app_settings"}]}}}


def seen(*services: ServiceFacts, **fields: Any) -> Facts:
    """Return facts with these services."""
    read = facts(node())
    assert read.swarm is not None
    return replace(read, stack=recording(), swarm=replace(read.swarm, services=services), **fields)


def test_one_that_nothing_names_is_removed() -> None:
    """By its id. Nothing is known without a list of the objects."""
    sent: list[tuple[str, str]] = []

    class Manager:
        def __getitem__(self, host: str) -> Manager:
            return self

        def write(self, method: str, path: str, *, api: str) -> None:
            assert api == ""
            sent.append((method, path))

    unused = seen(ServiceFacts("app_web", 1, 1, id="w"))
    assert not OLD.satisfied(unused)
    OLD.apply(cast("Engines", Manager()), unused)
    assert sent == [("DELETE", "/configs/id-app_settings")]
    gone = replace(unused, stack=replace(recording(), objects=()))
    assert OLD.satisfied(gone)
    assert OLD.seen(gone) == "the old config `app_settings` is removed"
    assert not OLD.satisfied(replace(gone, stack=None))


@pytest.mark.parametrize("where", ["spec", "previous spec", "good spec"])
def test_one_that_a_service_could_return_to_stays(where: str) -> None:
    """Also if a service has it only since the plan."""
    service = ServiceFacts("app_web", 1, 1, id="w")
    if where == "spec":
        service = replace(service, spec=NAMES_IT)
    if where == "previous spec":
        service = replace(service, previous_spec=NAMES_IT)
    used = seen(service, good_specs={"w": GoodSpec(NAMES_IT, 0.0)} if where == "good spec" else {})
    assert OLD.satisfied(used)
    assert "is kept" in OLD.seen(used)
