"""`/swarm rebalance [SERVICE|NODE]`: spread tasks evenly again by the fewest moves, each started before one stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from bot.blocks import tick
from bot.commands import Word, change, text
from bot.model import ClusterFacts, Facts, FactsQuery, Finding, Plan, PlanTitles, ServiceFacts, Step
from bot.swarm.operations import AddReplicas, RestoreSpec
from bot.swarm.reading.node_lookup import find_node, require_cluster
from bot.swarm.services.paused_rollout import is_paused
from bot.swarm.services.rebalance import Spread, spreads
from bot.swarm.services.service_lookup import find_service
from bot.swarm.services.temporary_spec import is_temporary
from bot.text.suggest import listed, number_of


@dataclass(frozen=True, slots=True)
class RebalanceArguments:
    """The arguments of ``rebalance``."""

    target: Annotated[str, Word(text("SERVICE|NODE"), "a service, or a node that should get tasks; default: all")] = ""


def _query(_: RebalanceArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


@change(
    "rebalance",
    group="Services",
    help="Spread the tasks of services evenly, for example after a node is back",
    example="rebalance web",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def rebalance(facts: Facts, arguments: RebalanceArguments) -> Plan:
    """Move as few tasks as possible. What an unfinished drain or rebalance left in a spec is taken back too."""
    swarm = require_cluster(facts)
    wanted = _wanted(facts, swarm, arguments.target)
    moving = [each for each in wanted if each.can_move]
    left = [each for each in wanted if each not in moving and _is_left(each.service)]
    changed = [*moving, *left]
    of = tick(arguments.target) if arguments.target else f"{facts.name}'s services"
    names = listed(tick(each.service.name) for each in changed) if len(changed) == 1 else f"services of {facts.name}"
    return Plan(
        PlanTitles(
            present=f"rebalances {names}",
            imperative=f"rebalance {names}",
            success=f"{names} is rebalanced" if len(changed) == 1 else f"{{count}} services of {facts.name} rebalanced",
            failure=f"{{failed}} was not rebalanced in {facts.name}",
        ),
        steps=tuple(step for each in changed for step in _steps(each)),
        effect="; ".join(_shown(swarm, each) for each in moving),
        findings=tuple(
            Finding("warning", f"{tick(each.service.name)} stays as it is. {each.obstacle}", each.service.name)
            for each in wanted
            if each.obstacle
        ),
        unchanged=() if changed else (f"no move spreads the tasks of {of} more evenly",),
    )


def _is_left(service: ServiceFacts) -> bool:
    """Return whether an unfinished drain or rebalance left something in the spec; the pause of a rollout is wanted."""
    return is_temporary(service.spec) and not is_paused(service.spec)


def _wanted(facts: Facts, swarm: ClusterFacts, name: str) -> list[Spread]:
    """Return the services to spread: all, the one that is named, or those that would get tasks on the node named."""
    found = spreads(swarm)
    if not name:
        return found
    if swarm.named(name) or not _is_node(facts, swarm, name):
        service = find_service(facts, name)
        return [each for each in found if each.service.id == service.id]
    node = find_node(facts, name)
    return [each for each in found if each.after().get(node.id, 0) > each.counts.get(node.id, 0)]


def _is_node(facts: Facts, swarm: ClusterFacts, name: str) -> bool:
    return name in facts.hosts or any(
        name in {node.name, node.hostname} or node.id.startswith(name) for node in swarm.nodes
    )


def _steps(spread: Spread) -> Sequence[Step]:
    service, track = spread.service, spread.service.name
    back = Step(RestoreSpec(service.id, service.name), track, always=True)
    if not spread.can_move:
        return [back]
    return [Step(AddReplicas(service.id, service.name, service.replicas, spread.moves), track), back]


def _shown(swarm: ClusterFacts, spread: Spread) -> str:
    """Return the moves, with the tasks of each node whose number changes, now and afterwards."""
    after = spread.after()
    names = {node.id: node.name for node in swarm.nodes}
    rows = [f"{names[node]} {count} → {after[node]}" for node, count in spread.counts.items() if count != after[node]]
    move = "moves" if spread.moves == 1 else "move"
    return f"{tick(spread.service.name)}: {number_of(spread.moves, 'task')} {move}, {', '.join(rows)}"
