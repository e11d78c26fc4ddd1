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

from bot.blocks import Message, fit
from bot.commands import read_arguments, read_sentence
from bot.commands.kinds import Vocabulary
from bot.errors import EngineError
from bot.model import Engines, Facts, Json
from bot.swarm.reading.facts_reader import FactsReader
from handlers import registry

SERVICES: Final = 500
TASKS_PER_SERVICE: Final = 10
STACKS: Final = 25
NODES: Final = 50
FAILING_EVERY: Final = 10
"""One service of so many lacks a task."""
RUNS: Final = 5
QUESTIONS: Final = (
    *("status", "services", "services stack-3", "stacks", "service web-7"),
    *("ps web-7", "ps stack-3", "ps node-1", "node node-1"),
)
MIB: Final = 1024 * 1024
TIME: Final = "2026-11-25T10:12:27.123456789Z"


class StandIn:
    """An engine, and the hosts of a cluster that is this one engine."""

    host = "host-1"
    backup_store = None

    def __init__(self) -> None:
        services = [_service(number) for number in range(SERVICES)]
        tasks = [_task(service, slot) for service in services for slot in range(1, TASKS_PER_SERVICE + 1)]
        self._services, self._all_tasks = json.dumps(services), json.dumps(tasks)
        places: dict[str, list[Json]] = {}
        for task in tasks:
            places.setdefault(task["ServiceID"], []).append(task)
            places.setdefault(task["NodeID"], []).append(task)
        self._tasks = {place: json.dumps(held) for place, held in places.items()}
        self._nodes = json.dumps([_node(number) for number in range(NODES)])
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

    def info(self) -> Json:
        """As ``GET /info``."""
        swarm = {"LocalNodeState": "active", "ControlAvailable": True, "NodeID": f"node{0:021}", "Cluster": {"ID": "c"}}
        return {"Name": "node-0", "Swarm": swarm}

    def swarm(self) -> Json:
        """As ``GET /swarm``."""
        return {"ID": "c", "Version": {"Index": 1}, "Spec": {}}

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

    def current_tasks(self) -> bytes:
        """As ``GET /tasks`` of those that are to run."""
        return self._all_tasks.encode()

    def networks(self) -> list[Json]:
        """As ``GET /networks``."""
        return []

    def node_certificate(self) -> str:
        """Fail: no question here is about certificates."""
        raise EngineError(self.host, 404, "There is no certificate.")


def _spec(number: int) -> Json:
    environment = [f"SETTING_{each}={'value' * 8}" for each in range(20)]
    container = {"Image": f"registry.example.com/team/web:{number}@sha256:{'0' * 64}", "Env": environment}
    limits = {"NanoCPUs": 500_000_000, "MemoryBytes": 256 * MIB}
    return {
        "Name": f"web-{number}",
        "Labels": {"com.docker.stack.namespace": f"stack-{number % STACKS}"},
        "Mode": {"Replicated": {"Replicas": TASKS_PER_SERVICE}},
        "TaskTemplate": {
            "ContainerSpec": {**container, "Labels": {"com.docker.stack.namespace": f"stack-{number % STACKS}"}},
            "Resources": {"Limits": limits, "Reservations": limits},
            "Placement": {
                "Constraints": ["node.role==worker"],
                "Platforms": [{"OS": "linux", "Architecture": "amd64"}],
            },
            "Networks": [{"Target": f"network{number % STACKS}", "Aliases": ["web"]}],
        },
        "EndpointSpec": {"Mode": "vip"},
    }


def _service(number: int) -> Json:
    running = TASKS_PER_SERVICE - (number % FAILING_EVERY == 0)
    return {
        "ID": f"service{number:018}",
        "Version": {"Index": number},
        "CreatedAt": TIME,
        "UpdatedAt": TIME,
        "Spec": _spec(number),
        "PreviousSpec": _spec(number),
        "Endpoint": {"Ports": [{"PublishedPort": 8000 + number, "TargetPort": 80, "Protocol": "tcp"}]},
        "UpdateStatus": {"State": "completed", "StartedAt": TIME, "CompletedAt": TIME, "Message": "update completed"},
        "ServiceStatus": {"RunningTasks": running, "DesiredTasks": TASKS_PER_SERVICE},
    }


def _task(service: Json, slot: int) -> Json:
    number = int(service["ID"][-18:])
    fails = slot == 1 and number % FAILING_EVERY == 0
    state = {"State": "failed", "Err": "task: non-zero exit (1)"} if fails else {"State": "running"}
    return {
        "ID": f"task{number:012}{slot:09}",
        "ServiceID": service["ID"],
        "NodeID": f"node{(number + slot) % NODES:021}",
        "Slot": slot,
        "CreatedAt": TIME,
        "DesiredState": "running",
        "Spec": service["Spec"]["TaskTemplate"],
        "Status": {**state, "Timestamp": TIME, "ContainerStatus": {"ContainerID": "c" * 64, "ExitCode": 1}},
        "NetworksAttachments": [{"Network": {"ID": f"network{number % STACKS}", "Spec": service["Spec"]["Labels"]}}],
    }


def _node(number: int) -> Json:
    return {
        "ID": f"node{number:021}",
        "Version": {"Index": 1},
        "Spec": {"Role": "worker" if number else "manager", "Availability": "active"},
        "Status": {"State": "ready", "Addr": f"192.0.2.{number + 1}"},
        "Description": {"Hostname": f"node-{number}"},
        **(
            {} if number else {"ManagerStatus": {"Reachability": "reachable", "Leader": True, "Addr": "192.0.2.1:2377"}}
        ),
    }


def _answered(reader: FactsReader, engines: StandIn, typed: str) -> Message:
    sentence = read_sentence(typed)
    command = registry()[sentence.name]
    arguments = read_arguments(command, sentence.words, Vocabulary("prod", (engines.host,)))
    facts: Facts = reader.read("prod", cast("Engines", engines), command.query(arguments))
    answer = cast("Any", command.answer)
    return fit(answer(facts, arguments))


def main() -> None:
    """Print time and memory by question."""
    engines, reader = StandIn(), FactsReader({})
    size = f"{SERVICES} services and {SERVICES * TASKS_PER_SERVICE} tasks ({engines.size / MIB:.0f} MiB of JSON)"
    print(f"Questions with {size}, from JSON to blocks")
    print(f"{'question':<20}{'ms':>8}{'peak MiB':>10}{'blocks':>8}{'characters':>12}")
    for typed in QUESTIONS:
        times = []
        for _ in range(RUNS):
            started = time.perf_counter()
            message = _answered(reader, engines, typed)
            times.append((time.perf_counter() - started) * 1000)
        tracemalloc.start()
        _answered(reader, engines, typed)
        peak = tracemalloc.get_traced_memory()[1] / MIB
        tracemalloc.stop()
        characters = len(json.dumps(message.blocks, ensure_ascii=False))
        print(f"{typed:<20}{statistics.median(times):>8.0f}{peak:>10.1f}{len(message.blocks):>8}{characters:>12}")
    reader.close()
