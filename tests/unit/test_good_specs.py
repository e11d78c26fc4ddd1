"""The last good spec of a service: kept encrypted on a real Redis, and only if its tasks were seen to run."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from redis import Redis

from bot.execution.cluster_reader import ClusterReader
from bot.good_specs import GoodSpecs
from bot.model import Facts, FactsQuery
from bot.secrets.secret import Secret
from bot.swarm.operations import RemoveService
from bot.swarm.operations.services import ChangeService
from bot.swarm.services.spec.spec_edit import SpecEdit
from sandbox.tour.secret_scan import redis_contents
from tests.plans.description import Description
from tests.plans.parts import NOW

KEY = Secret("k" * 32)
SPEC = {"TaskTemplate": {"ContainerSpec": {"Env": ["DB_PASSWORD=hunter2"]}}}
OPERATION = ChangeService("id-web", "web", "prod", "", (), True, 0.0, SpecEdit())
RUNNING = {"service": "web", "node": "id-host-1", "state": "running", "minutes": 5}


def seen(*tasks: dict[str, Any]) -> Facts:
    """Return facts with a service that wants one task."""
    described = {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": {"spec": SPEC}}, "task_list": [*tasks]}
    facts = Description.model_validate(described).facts()
    assert facts.swarm is not None
    as_read = tuple(replace(service, spec=MappingProxyType(service.spec)) for service in facts.swarm.services)
    return replace(facts, swarm=replace(facts.swarm, services=as_read))


def test_a_spec_whose_tasks_run_is_kept_encrypted(client: Redis) -> None:
    """It is read back whole with the key, and not without it; Redis has nothing of its secrets."""
    facts = seen(RUNNING)
    GoodSpecs(client, KEY).note(facts, OPERATION)
    found = GoodSpecs(client, KEY).read("prodid", "id-web")
    assert found is not None
    assert facts.swarm is not None
    assert (dict(found.spec), found.seen) == (dict(facts.swarm.services[0].spec), NOW)
    assert not [text for text in redis_contents(client) if "hunter2" in text]
    assert "hunter2" not in repr(found)
    assert GoodSpecs(client, Secret("j" * 32)).read("prodid", "id-web") is None
    assert GoodSpecs(client, None).read("prodid", "id-web") is None
    assert GoodSpecs(client, KEY).read("otherid", "id-web") is None


@pytest.mark.parametrize(
    ("task", "is_kept"),
    [({}, True), ({"minutes": 0}, False), ({"state": "failed"}, False), ({"image": ""}, False)],
    ids=["runs", "has just started", "failed", "none is left"],
)
def test_during_an_update_the_spec_before_is_kept(client: Redis, task: dict[str, Any], *, is_kept: bool) -> None:
    """If tasks of it run and none has failed: for any cause of the update, a rollback returns to it."""
    old = {**RUNNING, "image": "nginx:1.24", **task}
    service: dict[str, Any] = {"previous": {"TaskTemplate": {"ContainerSpec": {"Image": "nginx:1.24"}}}}
    service |= {"replicas": 2, "update": {"state": "updating"}}
    described = {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": service}, "task_list": [old, RUNNING]}
    GoodSpecs(client, KEY).note(Description.model_validate(described).facts(), OPERATION)
    found = GoodSpecs(client, KEY).read("prodid", "id-web")
    assert (found is not None) is is_kept
    assert found is None or found.spec["TaskTemplate"]["ContainerSpec"]["Image"] == "nginx:1.24"


def test_no_other_spec_is_kept(client: Redis) -> None:
    """Not one whose task has just started, none without a key, and none of a service that is removed."""
    GoodSpecs(client, KEY).note(seen({**RUNNING, "minutes": 0}), OPERATION)
    GoodSpecs(client, None).note(seen(RUNNING), OPERATION)
    GoodSpecs(client, KEY).note(seen(RUNNING), RemoveService("id-web", "web", "prod", ""))
    assert [*redis_contents(client)] == []


def test_the_specs_of_one_service_or_of_all_are_read(client: Redis) -> None:
    """A prune keeps the images of all of them."""
    described = {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": {}, "db": {}}}
    specs, facts = GoodSpecs(client, KEY), Description.model_validate(described).facts()
    specs.note(seen(RUNNING), OPERATION)
    reader: Any = SimpleNamespace(read=lambda *_: facts)
    unused: Any = SimpleNamespace(cluster=lambda _: None, note=lambda *_, **__: None)
    clusters = ClusterReader(unused, reader, last_read=unused, good_specs=specs, revisions=unused, history=unused)
    assert clusters.read("prod", FactsQuery(good_specs=True)).good_specs.keys() == {"id-web"}
    assert clusters.read("prod", FactsQuery(good_spec_of="web")).good_specs.keys() == {"id-web"}
    assert clusters.read("prod", FactsQuery(good_spec_of="db")).good_specs == {}
    assert clusters.read("prod", FactsQuery()).good_specs == {}
