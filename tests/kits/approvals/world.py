"""What approvals are about in these tests, as data: a cluster, who is in a user group, and a Slack that takes all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from bot.blocks import Message
from bot.errors import EngineError
from bot.model import ClusterFacts, Facts, FactsQuery, NodeFacts
from bot.slack.outbound.notifier import Notifier
from bot.usergroups import UserGroups

WORKERS: Final = ("node-1", "node-2", "node-3")


class Crash(BaseException):
    """The worker is killed here; nothing of the bot may catch it."""


@dataclass(slots=True)
class Node:
    """A record of the cluster."""

    role: str
    reachability: str = ""
    availability: str = "active"
    version: int = 1


@dataclass
class Cluster:
    """Two managers and three workers, with an engine that checks versions as strictly as Docker's.

    Before each read and each call ``reads_left`` decreases by one; at zero ``on_crash`` is called. ``called`` and
    ``promoted`` are told of what reaches the engine.
    """

    records: dict[str, Node] = field(default_factory=dict)
    tasks: int = 0
    reads_left: int = 0
    on_crash: Callable[[], None] = lambda: None
    called: Callable[[], None] = lambda: None
    promoted: Callable[[str], None] = lambda _: None
    host: str = "host-1"

    def __post_init__(self) -> None:
        self.records = {name: Node("manager", "reachable") for name in ("manager-1", "manager-2")}
        self.records |= {name: Node("worker") for name in WORKERS}

    def state(self, name: str) -> tuple[object, ...]:
        """All that an approval of promoting ``name`` rests on."""
        node = self.records[name]
        managers = tuple((name, node.reachability) for name, node in self.records.items() if node.role == "manager")
        return node.role, node.availability, managers

    def set_role(self, name: str, role: str) -> None:
        """What an engine does when a role is written."""
        node = self.records[name]
        node.role, node.reachability, node.version = role, "reachable" * (role == "manager"), node.version + 1

    # As bot.swarm.reading.facts_reader.FactsReader

    def read(self, name: str, engines: object, query: FactsQuery) -> Facts:
        """The facts as they are now."""
        del engines, query
        self._count_read()
        nodes = tuple(
            NodeFacts(
                id=f"id-of-{each}",
                hostname=each,
                role=cast("Any", node.role),
                availability=node.availability,
                state="ready",
                version=node.version,
                spec={},
                reachability=node.reachability,
            )
            for each, node in self.records.items()
        )
        tasks = {node.id: self.tasks for node in nodes}
        return Facts(name, time.time(), {}, ClusterFacts("cluster", self.host, 1, {}, nodes, task_counts=tasks))

    # As bot.model.engine_api.Clusters, Engines and Engine

    def cluster(self, name: str) -> Cluster:
        """There is one."""
        del name
        return self

    def __getitem__(self, host: str) -> Cluster:
        del host
        return self

    def nodes(self) -> list[dict[str, Any]]:
        """``GET /nodes``: the first call of a step."""
        self.called()
        self._count_read()
        return [
            {"ID": f"id-of-{name}", "Version": {"Index": node.version}, "Spec": {"Role": node.role}}
            for name, node in self.records.items()
        ]

    def update_node(self, node_id: str, version: int, spec: dict[str, Any]) -> None:
        """``POST /nodes/{id}/update``."""
        self._count_read()
        name = node_id.removeprefix("id-of-")
        if version != self.records[name].version:
            raise EngineError(self.host, 500, "update out of sequence")
        if spec["Role"] != self.records[name].role:
            self.promoted(name)
            self.set_role(name, spec["Role"])
        self._count_read()

    def _count_read(self) -> None:
        self.reads_left -= 1
        if self.reads_left == 0:
            self.on_crash()


class People(UserGroups):
    """Who is in the user group. ``meanwhile`` happens once while Slack is asked, before it answers."""

    def __init__(self) -> None:
        self.inside: set[str] = set()
        self.meanwhile: Callable[[], None] | None = None

    def members(
        self, groups: Iterable[str], *, max_age: float = 0.0, may_be_stale: bool = False
    ) -> dict[str, frozenset[str]]:
        """As it is now."""
        del max_age, may_be_stale
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        return dict.fromkeys(groups, frozenset(self.inside))


class Quiet(Notifier):
    """Takes every message."""

    def __init__(self) -> None:
        self.posted = 0
        self.told: list[Message] = []

    def post(self, channel: str, message: Message, *, thread: str = "", broadcast: bool = False) -> str:
        """Its ts is a number."""
        del channel, message, thread, broadcast
        self.posted += 1
        return str(self.posted)

    def update(self, channel: str, ts: str, message: Message, *, thread: str = "") -> str:
        """It keeps its ts."""
        del channel, message, thread
        return ts

    def answer(self, response_url: str, message: Message, **how: Any) -> None:
        """Keep it."""
        del response_url, how
        self.told.append(message)
