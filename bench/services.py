"""How long questions about services take with 500 services and 5,000 tasks, and how much memory.

The engine is data: what a manager would send, as JSON. A figure is from the decoding of that JSON to the blocks of the
answer; network and Slack are not in it.
"""

from __future__ import annotations

import json
import statistics
import time
import tracemalloc
from typing import Any, Final, cast

from bench.cluster_data import MIB, ClusterData
from bench.result import Measured, Table
from bot.blocks import Message, fit
from bot.commands import read_arguments, read_sentence
from bot.commands.kinds import Vocabulary
from bot.engine.api.listing import decode_current
from bot.errors import EngineError
from bot.model import CurrentTask, Engines, Facts, Json
from bot.swarm.reading.facts_reader import FactsReader
from handlers import registry

DATA: Final = ClusterData(nodes=50, services=500, tasks_per_service=10, failing_every=10)
RUNS: Final = 5
QUESTIONS: Final = (
    *("status", "services", "services stack-3", "stacks", "service web-7"),
    *("ps web-7", "ps stack-3", "ps node-1", "node node-1"),
)


class StandIn:
    """An engine, and the hosts of a cluster that is this one engine."""

    host = "host-1"
    backup_store = None

    def __init__(self) -> None:
        services, tasks = DATA.service_list(), DATA.task_list()
        self._services, self._all_tasks = json.dumps(services), json.dumps(tasks)
        places: dict[str, list[Json]] = {}
        for task in tasks:
            places.setdefault(task["ServiceID"], []).append(task)
            places.setdefault(task["NodeID"], []).append(task)
        self._tasks = {place: json.dumps(held) for place, held in places.items()}
        self._nodes = json.dumps(DATA.node_list())
        self.size = len(self._services) + len(self._all_tasks)

    def __getitem__(self, _: str) -> StandIn:
        return self

    def names(self) -> tuple[str, ...]:
        """Return the only host."""
        return (self.host,)

    def address(self, _: str) -> str:
        """Return its address."""
        return "192.0.2.1"

    def recent_silence(self) -> None:
        """Return that it responds."""

    def info(self, _: float) -> Json:
        """As ``GET /info``."""
        return DATA.info()

    def swarm(self) -> Json:
        """As ``GET /swarm``."""
        return DATA.cluster()

    def nodes(self) -> list[Json]:
        """As ``GET /nodes``."""
        return cast("list[Json]", json.loads(self._nodes))

    def services(self) -> list[Json]:
        """As ``GET /services``."""
        return cast("list[Json]", json.loads(self._services))

    def tasks(self, filters: dict[str, list[str]]) -> list[Json]:
        """As ``GET /tasks``."""
        if not filters:
            return cast("list[Json]", json.loads(self._all_tasks))
        return [task for names in filters.values() for name in names for task in json.loads(self._tasks[name])]

    def current_tasks(self) -> list[CurrentTask]:
        """As ``GET /tasks`` of the tasks that should run."""
        return decode_current(self._all_tasks.encode())

    def networks(self) -> list[Json]:
        """As ``GET /networks``."""
        return []

    def certificate_file(self, path: str) -> str:
        """Fail: no question here is about certificates."""
        del path
        raise EngineError(self.host, 404, "There is no certificate.")


def _answered(reader: FactsReader, engines: StandIn, typed: str) -> Message:
    sentence = read_sentence(typed)
    command = registry()[sentence.name]
    arguments = read_arguments(command, sentence.words, Vocabulary("prod", (engines.host,)))
    facts: Facts = reader.read("prod", cast("Engines", engines), command.query(arguments))
    answer = cast("Any", command.answer)
    return fit(answer(facts, arguments))


def measure(*, quick: bool) -> Measured:
    """Measure time and memory by question."""
    engines, reader = StandIn(), FactsReader({})
    rows = [(typed, *_measured(reader, engines, typed, 1 if quick else RUNS)) for typed in QUESTIONS]
    reader.close()
    size = f"{DATA.nodes} nodes, {DATA.services:,} services, {DATA.services * DATA.tasks_per_service:,} tasks"
    return Measured(
        (Table(("question", "median, ms", "Python's objects, MiB", "blocks", "characters"), tuple(rows)),),
        notes=(f"{size}: {engines.size / MIB:.0f} MiB of JSON, decoded by Python's json. Without network and Slack.",),
    )


def _measured(reader: FactsReader, engines: StandIn, typed: str, runs: int) -> tuple[float, float, int, int]:
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        message = _answered(reader, engines, typed)
        times.append((time.perf_counter() - began) * 1000)
    tracemalloc.start()
    _answered(reader, engines, typed)
    peak = tracemalloc.get_traced_memory()[1] / MIB
    tracemalloc.stop()
    characters = len(json.dumps(message.blocks, ensure_ascii=False))
    return statistics.median(times), peak, len(message.blocks), characters
