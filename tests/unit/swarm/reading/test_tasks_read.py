"""Which tasks a read asks the manager for: only those that the question is about, in one request."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any, cast
from unittest.mock import Mock

import pytest

from bot.engine.api.listing import decode_current
from bot.errors import EngineError
from bot.model import CurrentTask, Engines, Facts, FactsQuery
from bot.model.service import STACK_LABEL
from bot.swarm.reading.facts_reader import FactsReader
from bot.swarm.reading.swarm_reader import MAX_COMPLAINTS

TIME = "2026-11-25T10:12:00Z"


def service(name: str, *, running: int = 1, desired: int = 1, stack: str = "") -> dict[str, Any]:
    """Return a record of ``GET /services``."""
    labels = {STACK_LABEL: stack} if stack else {}
    status = {"RunningTasks": running, "DesiredTasks": desired}
    return {
        "ID": f"id{name}",
        "Version": {"Index": 1},
        "Spec": {"Name": name, "Labels": labels},
        "ServiceStatus": status,
    }


def task(filters: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Return a task that crashed, of the service that the filters name first."""
    [(_, [first, *_rest])] = filters.items()
    status = {"State": "failed", "Timestamp": TIME, "Err": "task: non-zero exit (1)"}
    named = {"ID": "t", "ServiceID": first, "NodeID": "idn", "CreatedAt": TIME, "Spec": {}}
    return [{**named, "DesiredState": "shutdown", "Status": status}]


@pytest.fixture
def engine() -> Mock:
    """Return the manager of a cluster with a worker, and with the services web and db of the stack shop."""
    engine = Mock(host="host-1")
    engine.recent_silence.return_value = None
    swarm = {"LocalNodeState": "active", "ControlAvailable": True, "NodeID": "idm", "Cluster": {"ID": "c"}}
    engine.info.return_value = {"Name": "m", "Swarm": swarm}
    engine.swarm.return_value = {"ID": "c", "Version": {"Index": 1}, "Spec": {}}
    engine.nodes.return_value = [
        {
            "ID": f"id{name}",
            "Version": {"Index": 1},
            "Spec": {"Role": "worker", "Availability": "active"},
            "Status": {"State": "ready"},
            "Description": {"Hostname": name},
        }
        for name in ("m", "n")
    ]
    engine.services.return_value = [service("web", stack="shop"), service("db", running=0, stack="shop")]
    engine.tasks.side_effect = task
    return engine


def read(reader: FactsReader, engine: Mock, query: FactsQuery) -> Facts:
    """Return the facts of a cluster with this only host."""
    engines = Mock()
    engines.names.return_value = ("host-1",)
    engines.address.return_value = "192.0.2.1"
    engines.__getitem__ = lambda _, __: engine
    return reader.read("prod", cast("Engines", engines), query)


@pytest.mark.parametrize(
    ("name", "filters"),
    [
        ("web", {"service": ["idweb"]}),
        ("iddb", {"service": ["iddb"]}),
        ("shop", {"service": ["iddb", "idweb"]}),
        ("n", {"node": ["idn"]}),
        ("host-1", {"node": ["idm"]}),
        ("idn", {"node": ["idn"]}),
    ],
)
def test_only_the_tasks_of_what_is_named_are_read(
    reader: FactsReader, engine: Mock, name: str, filters: dict[str, list[str]]
) -> None:
    """A service, a stack, a node by its name in swarmbot.yml, its host name or its id."""
    facts = read(reader, engine, FactsQuery(services=True, tasks_of=name))
    assert [call.args[0] for call in engine.tasks.call_args_list] == [filters]
    assert facts.swarm is not None
    assert len(facts.swarm.task_list) == 1


@pytest.mark.parametrize("name", ["n", "idn"])
def test_only_the_tasks_of_a_node_are_read(reader: FactsReader, engine: Mock, name: str) -> None:
    """Even if a service has the node's name."""
    engine.services.return_value = [service("n")]
    read(reader, engine, FactsQuery(services=True, tasks_on=name))
    assert [call.args[0] for call in engine.tasks.call_args_list] == [{"node": ["idn"]}]


def test_no_tasks_are_read_of_an_unknown_name(reader: FactsReader, engine: Mock) -> None:
    """The answer says that there is none."""
    facts = read(reader, engine, FactsQuery(services=True, tasks_of="wbe"))
    assert engine.tasks.call_count == 0
    assert facts.swarm is not None
    assert facts.swarm.task_list == ()


def test_one_request_asks_why_services_lack_tasks(reader: FactsReader, engine: Mock) -> None:
    """For a limited number of services, however many lack tasks."""
    engine.services.return_value = [service(f"s{number:03}", running=0) for number in range(500)]
    facts = read(reader, engine, FactsQuery(services=True))
    [[filters]] = [call.args for call in engine.tasks.call_args_list]
    assert filters == {"service": [f"ids{number:03}" for number in range(MAX_COMPLAINTS)]}
    assert facts.swarm is not None
    assert facts.swarm.services[0].complaint == "the last task failed: task: non-zero exit (1)"


def test_tasks_on_a_node_that_is_down_do_not_count(reader: FactsReader, engine: Mock) -> None:
    """The managers count them on; they are read only if a node is down, with those of what the question is about."""
    running = {"State": "running", "Timestamp": TIME}
    lost = [{"ID": "t", "ServiceID": "idweb", "NodeID": "idn", "CreatedAt": TIME, "Spec": {}, "Status": running}]
    engine.nodes.return_value[1]["Status"]["State"] = "down"
    engine.tasks.side_effect = lambda filters: [{**lost[0], "DesiredState": "shutdown"}] if "node" in filters else []
    facts = read(reader, engine, FactsQuery(services=True, tasks_of="db"))
    assert [call.args[0] for call in engine.tasks.call_args_list] == [{"service": ["iddb"]}, {"node": ["idn"]}]
    assert facts.swarm is not None
    assert {each.name: each.running for each in facts.swarm.services} == {"db": 0, "web": 0}


def test_a_service_that_was_removed_meanwhile_fails_nothing(reader: FactsReader, engine: Mock) -> None:
    """The engine answers 404 to a filter that names it."""
    engine.tasks.side_effect = EngineError("host-1", 404, "service iddb not found")
    facts = read(reader, engine, FactsQuery(services=True))
    assert facts.swarm is not None
    assert [each.complaint for each in facts.swarm.services] == ["", ""]


def ago(seconds: float) -> str:
    """Return a time as an engine writes it."""
    return datetime.fromtimestamp(time.time() - seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def made(service_id: str, state: str, seconds: float, *, slot: int = 1, wanted: str = "shutdown") -> dict[str, Any]:
    """Return a task that was created, and entered its state, this many seconds ago."""
    status = {"State": state, "Timestamp": ago(seconds), "Err": "task: non-zero exit (3)"}
    named = {"ID": f"t{seconds}", "ServiceID": service_id, "NodeID": "idn", "CreatedAt": ago(seconds), "Slot": slot}
    return {**named, "DesiredState": wanted, "Spec": {"CreatedAt": TIME, "ServiceID": "x"}, "Status": status}


def as_current(tasks: list[dict[str, Any]]) -> list[CurrentTask]:
    """Return what little is read of all tasks that are to run."""
    return decode_current(json.dumps(tasks).encode())


def test_a_crash_loop_whose_task_runs_at_this_moment_is_found(reader: FactsReader, engine: Mock) -> None:
    """The managers' counts are complete. Of the services with new tasks, the failed ones are read in one request."""
    names = ("calm", "looping", "settled", "updated")
    engine.services.return_value = [service(name) for name in names]
    current = [
        *(made("idcalm", "running", 3600, wanted="running"), made("idlooping", "running", 5, wanted="running")),
        *(made("idsettled", "running", 150, wanted="running"), made("idupdated", "running", 20, wanted="running")),
    ]
    engine.current_tasks.return_value = as_current(current)
    failed = [made(each, "failed", 200 + 30 * n) for each in ("idlooping", "idsettled") for n in range(3)]
    failed += [made("idupdated", "shutdown", 200 + n, slot=n) for n in range(3)]
    engine.tasks.side_effect = lambda _: [*current[1:], *failed]
    facts = read(reader, engine, FactsQuery(services=True, restarts=True))
    assert [call.args[0] for call in engine.tasks.call_args_list] == [
        {"service": ["idlooping", "idupdated", "idsettled"]}
    ]
    assert facts.swarm is not None
    loops = {each.name: each.crash_loop for each in facts.swarm.services}
    assert [name for name in names if loops[name]] == ["looping"]
    assert loops["looping"] is not None
    assert (loops["looping"].failures, loops["looping"].last.id) == (3, "t200")


def test_failures_of_an_older_spec_are_no_crash_loop(reader: FactsReader, engine: Mock) -> None:
    """An image that was missing is rolled back: its failures say nothing of the tasks that run now."""
    engine.services.return_value = [service("web")]
    current = made("idweb", "running", 20, wanted="running")
    engine.current_tasks.return_value = as_current([current])
    old = {"ContainerSpec": {"Image": "nosuch/web:2"}}
    engine.tasks.side_effect = lambda _: [
        current,
        *({**made("idweb", "rejected", 60 + n), "Spec": old} for n in range(3)),
    ]
    facts = read(reader, engine, FactsQuery(services=True, restarts=True))
    assert facts.swarm is not None
    assert [each.crash_loop for each in facts.swarm.services] == [None]


def test_a_cluster_is_read_without_its_crash_loops(reader: FactsReader, engine: Mock) -> None:
    """If the tasks that are to run cannot be listed in time, everything else is shown."""
    engine.current_tasks.side_effect = EngineError("host-1", 500, "rpc error: message larger than max")
    facts = read(reader, engine, FactsQuery(services=True, restarts=True))
    assert facts.swarm is not None
    assert len(facts.swarm.services) == 2


def test_no_task_is_read_if_none_is_new(reader: FactsReader, engine: Mock) -> None:
    """Only the tasks' time of creation is read: there may be thousands."""
    engine.services.return_value = [service("web")]
    engine.current_tasks.return_value = as_current([made("idweb", "running", 3600, wanted="running")])
    read(reader, engine, FactsQuery(services=True, restarts=True))
    assert engine.tasks.call_count == 0
