"""Which tasks are read at their nodes, and what a node that fails costs."""

from __future__ import annotations

import threading
from typing import Any, Final

import pytest

from bot.errors import EngineError, HostUnreachable
from bot.model import ClusterFacts, ContainerLog, ContainerUsage, FactsQuery, LogLine, LogQuery, ServiceFacts
from bot.model import TaskFacts as Task
from bot.swarm.reading import task_reader
from bot.swarm.reading.task_reader import read_tasks, tasks_named, tasks_to_log
from tests.kits.nodes import worker

LINE: Final = LogLine(1.0, "alive")


class FakeEngines:
    """Engines of hosts by what their calls do: return a log, raise an error, or hang until the test ends."""

    def __init__(self, **doing: Any) -> None:
        self.doing = doing
        self.ended = threading.Event()
        self.asked: list[tuple[str, int, bool]] = []

    def __getitem__(self, host: str) -> Any:
        return FakeEngine(self, host, self.doing[host])


class FakeEngine:
    """One of them."""

    def __init__(self, engines: FakeEngines, host: str, does: Any) -> None:
        self.host, self._engines, self._does = host, engines, does

    def recent_silence(self) -> HostUnreachable | None:
        """Return the last failure of a host that is known to be silent."""
        return self._does if isinstance(self._does, HostUnreachable) else None

    def container_log(self, container: str, *, lines: int, since: float, tty: bool) -> ContainerLog:
        """Return a log, unless the host does something else."""
        del since
        self._engines.asked.append((container, lines, tty))
        if self._does == "hang":
            self._engines.ended.wait(30)
        if isinstance(self._does, Exception):
            raise self._does
        return ContainerLog((LINE,))

    def out_of_memory(self, container: str) -> bool:
        """Return True."""
        del container
        return True

    def container_usage(self, container: str) -> ContainerUsage:
        """Return some use."""
        del container
        return ContainerUsage(0.5, 1, 2)


def task(number: int, state: str = "running", **more: Any) -> Task:
    """Return the task in slot ``number`` of ``web``, on the node with this number."""
    told: dict[str, Any] = {
        "slot": number,
        "id": f"t{number}",
        "container": f"c{number}",
        "wanted": state == "running",
        **more,
    }
    return Task("web-id", told.pop("node", f"n{number}"), state, **told)


def cluster(*tasks: Task) -> ClusterFacts:
    """Return a cluster whose fifth node is not in swarmbot.yml."""
    nodes = tuple(
        worker(f"n{number}", f"host-{number}", host=f"h{number}" if number < 5 else "") for number in range(1, 6)
    )
    services = (ServiceFacts("web", 1, 1, id="web-id"), ServiceFacts("web2", 1, 1, id="web-other"))
    return ClusterFacts("c", "h1", 1, {}, nodes, services, task_list=tasks)


def test_a_node_costs_only_its_own_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it hangs, refuses, is known to be off, or is not in swarmbot.yml."""
    monkeypatch.setattr(task_reader, "LOG_TIMEOUT_S", 0.2)
    engines = FakeEngines(
        h1="log",
        h2="hang",
        h3=EngineError("h3", 500, "configured logging driver does not support reading"),
        h4=HostUnreachable("h4", "timed out", "`h4` did not respond."),
    )
    swarm = cluster(*(task(number) for number in range(1, 6)))
    query = FactsQuery(task_logs=LogQuery("web", 10))
    found: Any = engines
    readings = read_tasks(found, swarm, query)
    engines.ended.set()
    assert {each: reading.failure for each, reading in readings.items()} == {
        "t1": "",
        "t2": "`h2` did not respond within 0 s.",
        "t3": "configured logging driver does not support reading",
        "t4": "`h4` did not respond.",
        "t5": "`host-5` is not in swarmbot.yml, so it is not read.",
    }
    assert readings["t1"].log == ContainerLog((LINE,))


def test_many_tasks_of_a_silent_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """They hold up none of another node, however many they are."""
    monkeypatch.setattr(task_reader, "LOG_TIMEOUT_S", 0.3)
    engines = FakeEngines(h1="log", h2="hang")
    silent = (task(number, node="n2") for number in range(2, 100))
    found: Any = engines
    readings = read_tasks(found, cluster(*silent, task(1, since=1.0)), FactsQuery(task_logs=LogQuery("web", 10)))
    engines.ended.set()
    assert len(readings) == task_reader.MAX_TASKS
    assert [each for each, reading in readings.items() if not reading.failure] == ["t1"]


def test_a_removed_container() -> None:
    """The engine's error about an id says nothing to people."""
    engines: Any = FakeEngines(h1=EngineError("h1", 404, "No such container: c1"))
    readings = read_tasks(engines, cluster(task(1)), FactsQuery(task_logs=LogQuery("web", 10)))
    assert readings["t1"].failure == "Its container on `h1` was removed."


def test_how_a_failed_task_ended_and_what_a_running_one_uses() -> None:
    """Only what the query asks for is read."""
    engines: Any = FakeEngines(h1="log", h2="log")
    tasks = (task(1, "failed", spec={"ContainerSpec": {"TTY": True}}), task(2))
    failed = read_tasks(engines, cluster(*tasks), FactsQuery(task_logs=LogQuery("web", 7, failed=True)))
    assert {each: reading.out_of_memory for each, reading in failed.items()} == {"t1": True}
    assert engines.asked == [("c1", 7, True)]
    usage = read_tasks(engines, cluster(*tasks), FactsQuery(task_usage="web"))
    assert {each: reading.usage for each, reading in usage.items()} == {"t2": ContainerUsage(0.5, 1, 2)}


@pytest.mark.parametrize(
    ("name", "ids"),
    [("web", ["t1", "t2"]), ("web-i", ["t1", "t2"]), ("web.2", ["t2"]), ("t1", ["t1"]), ("web-", []), ("db", [])],
)
def test_what_a_name_means(name: str, ids: list[str]) -> None:
    """A service by name or id, a slot, a task's id; nothing if it is the start of several services' ids."""
    assert [each.id for each in tasks_named(cluster(task(1), task(2)), name)] == ids


def test_the_latest_failed_task_of_each_slot_is_read() -> None:
    """Tasks that were stopped on purpose and those without a container have no last lines."""
    old = task(1, "failed", id="old", since=1.0)
    new = task(1, "failed", id="new", since=2.0)
    stopped = task(2, "shutdown", since=3.0)
    rejected = task(3, "rejected", since=4.0, container="")
    found = tasks_to_log(cluster(old, new, stopped, rejected), LogQuery("web", 10, failed=True))
    assert [each.id for each in found] == ["new"]
