"""`/swarm remove` of services. It never removes a node: that is handlers/remove.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.blocks import tick
from bot.commands import SERVICE, Flag, Word, change
from bot.errors import NotUnderstood
from bot.model import Cost, Facts, FactsQuery, Plan, ServiceFacts, Step
from bot.swarm.membership.node_orders import each_or_refused
from bot.swarm.operations import RemoveService
from bot.swarm.operations.service_plan import titles
from bot.swarm.reading.node_lookup import require_cluster
from bot.swarm.services.change_plan import service_to_change
from bot.swarm.services.service_names import node_instead, refuse_shared_names
from bot.swarm.services.spec.spec_changes import spec_fingerprint
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class RemoveServiceArguments:
    """The arguments of ``remove`` for services."""

    services: Annotated[tuple[str, ...], Word(SERVICE, "services, by name or id")]
    service: Annotated[bool, Flag(None, "the names are services, even if a node has the same name")] = False


def _query(_: RemoveServiceArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


@change(
    "remove-service",
    typed="remove",
    group="Services",
    help="Remove services with all their tasks",
    example="remove web",
    permission="operate",
    risk="loss",
    approval=0,
    query=_query,
)
def remove_service(facts: Facts, arguments: RemoveServiceArguments) -> Plan:
    """Remove services. The requester confirms it: Docker keeps nothing of a removed service."""
    swarm = require_cluster(facts)
    if not arguments.service:
        refuse_shared_names(facts, arguments.services)
    services = each_or_refused(arguments.services, lambda name: _service(facts, name))
    if len({service.id for service in services}) < len(services):
        raise NotUnderstood("Two of the names mean the same service.", next_step="Name it once.")
    return Plan(
        titles(facts, [service.name for service in services], "remove", "removed", "The removal of"),
        steps=tuple(Step(_operation(facts, service), service.name) for service in services),
        effect=f"services {len(swarm.services)} → {len(swarm.services) - len(services)}",
        costs=tuple(_cost(facts, service) for service in services),
    )


def _service(facts: Facts, name: str) -> ServiceFacts:
    if error := node_instead(facts, name):
        raise error
    return service_to_change(facts, name)


def _operation(facts: Facts, service: ServiceFacts) -> RemoveService:
    return RemoveService(service.id, service.name, facts.name, spec_fingerprint(service.spec))


def _cost(facts: Facts, service: ServiceFacts) -> Cost:
    running = sum(task.state == "running" for task in require_cluster(facts).tasks_of(service.id))
    effect = f"stops with {number_of(running, 'running task')}" if running else "has no running task"
    return Cost(f"service {service.name}", f"{tick(service.name)} {effect}. Docker keeps nothing of its spec.")
