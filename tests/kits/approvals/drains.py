"""People who drain a node that runs the only task of a service, and processes of the bot that plan, ask and drain."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from bot.approvals.approval import Approval
from bot.audit import Entry, Filter
from bot.blocks import Message
from bot.model import Facts, FactsQuery, ServiceFacts, TaskFacts
from bot.queue.job import Job
from tests.kits.approvals.process import Process, config_of, order_of
from tests.kits.approvals.world import Cluster, Crash, People


@dataclass
class Serving(Cluster):
    """A cluster with services that are pinned to node-1, one task each."""

    pinned: set[str] = field(default_factory=lambda: {"db"})

    def read(self, name: str, engines: object, query: FactsQuery) -> Facts:
        """Return the facts with these services; a drained node runs no task."""
        facts = super().read(name, engines, query)
        assert facts.swarm is not None
        runs = self.records["node-1"].availability != "drain"
        spec = {"TaskTemplate": {"Placement": {"Constraints": ["node.hostname==node-1"]}}}
        services = [ServiceFacts(name, 1, 1, id=name, spec=spec) for name in sorted(self.pinned)]
        tasks = [TaskFacts(name, "id-of-node-1", "running", wanted=True) for name in sorted(self.pinned) if runs]
        return replace(facts, swarm=replace(facts.swarm, services=tuple(services), task_list=tuple(tasks)))

    def update_node(self, node_id: str, version: int, spec: dict[str, Any]) -> None:
        """Set the availability too."""
        record = self.records[node_id.removeprefix("id-of-")]
        record.availability = str(spec.get("Availability", record.availability))
        super().update_node(node_id, version, spec)


class Scene:
    """Two processes of the bot, and people who ask them to drain node-1."""

    def __init__(self, url: str) -> None:
        self.cluster = Serving()
        self.people = People()
        self.people.inside = {"U0ADA", "U0BEN"}
        config = config_of(1, ("S0ADMINS",))
        self.processes = [Process(url, config, self.people, self.cluster, name) for name in ("one", "two")]
        self.first, self.second = self.processes
        self.first.redis.flushall()
        self.first.queue.registry.join()

    def ask(self, job: str = "job-0", node: str = "node-1", **options: Any) -> None:
        """Ada types `/swarm drain NODE`."""
        promote = order_of(job, "U0ADA", node)
        order = replace(promote, command="drain", words=f"drain {node}", lane="exclusive", **options)
        self.first.queue.admit(order, [Entry("asked", "U0ADA", "prod", "C0PROD", "drain", order.words, job)])

    def work(self, process: Process | None = None) -> None:
        """Let a worker take what is there, and then show what is to be shown."""
        worker = process or self.first
        lease = worker.queue.reclaim(worker.name, "exclusive").lease
        lease = lease or worker.queue.take(worker.name, "exclusive", block_ms=0)
        if lease is not None:
            with suppress(Crash):
                worker.runner.handle(lease)
        worker.card_publisher.publish_due()

    def waits(self, job: str = "job-0", **options: Any) -> Approval:
        """Ask, and return the question to Ada."""
        self.ask(job, **options)
        self.work()
        return self.asked(job)

    def asked(self, job: str = "job-0") -> Approval:
        """Return the open question."""
        found = self.first.approvals.get(job)
        assert found is not None
        assert found.open
        assert found.request.confirmation
        return found

    def job(self, job: str = "job-0") -> Job:
        """Return the job as it is now."""
        found = self.first.queue.get(job)
        assert found is not None
        return found

    def proceed(self, process: Process | None = None, who: str = "U0ADA", job: str = "job-0") -> str:
        """Press Proceed."""
        return (process or self.second).voting.approve(job, who, "")

    @property
    def drained(self) -> bool:
        """Whether the engine was told to drain node-1."""
        return self.cluster.records["node-1"].availability == "drain"

    def told(self, process: Process | None = None) -> list[str]:
        """Return what Ada was told, buttons included."""
        return [text_of(message) for message in (process or self.first).slack.told]

    def audited(self, action: str) -> list[tuple[str, str]]:
        """Return who did it, and the detail."""
        entries = self.first.audit.query(Filter(), count=100)
        return [(entry.by, entry.detail) for entry in entries if entry.action == action]


def text_of(message: Message) -> str:
    """Return all that a message says, buttons included."""
    return " ".join([message.text, *map(str, message.blocks)])
