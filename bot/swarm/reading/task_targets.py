"""The tasks that a name means: those of a service, a node or a stack. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bot.model import FactsQuery, NodeFacts, ServiceFacts


@dataclass(frozen=True, slots=True)
class TaskTarget:
    """What a name means."""

    kind: Literal["service", "node", "stack"]
    services: tuple[ServiceFacts, ...] = ()
    """The service, or the services of the stack; several of kind "service" if the name is the start of their ids."""
    nodes: tuple[NodeFacts, ...] = ()
    """Several if a host has old records, or if the name is the start of their ids."""

    @property
    def filters(self) -> dict[str, list[str]]:
        """The filters of ``GET /tasks`` for its tasks."""
        if self.kind == "node":
            return {"node": [node.id for node in self.nodes]}
        return {"service": [service.id for service in self.services]}


def query_target(query: FactsQuery, services: Sequence[ServiceFacts], nodes: Sequence[NodeFacts]) -> TaskTarget | None:
    """Return the object whose tasks alone ``query`` reads; None if it names none, or one that does not exist."""
    if query.tasks_on:
        return find_target((), nodes, query.tasks_on)
    return find_target(services, nodes, query.tasks_of) if query.tasks_of else None


def find_target(services: Sequence[ServiceFacts], nodes: Sequence[NodeFacts], name: str) -> TaskTarget | None:
    """Return what ``name`` means; None if nothing has it.

    A service's name counts first, then a node's (in swarmbot.yml, or its host name), then a stack's, then the start of
    an id.
    """
    if named := tuple(service for service in services if service.name == name):
        return TaskTarget("service", named)
    if hosts := tuple(node for node in nodes if name in {node.name, node.hostname}):
        return TaskTarget("node", nodes=hosts)
    if parts := tuple(service for service in services if service.stack == name):
        return TaskTarget("stack", parts)
    if named := tuple(service for service in services if service.id.startswith(name)):
        return TaskTarget("service", named)
    if hosts := tuple(node for node in nodes if node.id.startswith(name)):
        return TaskTarget("node", nodes=hosts)
    return None
