"""`/swarm drain|pause|activate NODE…`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final

from bot.blocks import tick
from bot.commands import NODE, Flag, Word, change
from bot.model import Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.membership.gapless_drain import without_gap
from bot.swarm.membership.node_orders import find_each, merged, order_titles, shown_names
from bot.swarm.operations import Drain, SetAvailability
from bot.swarm.reading.node_lookup import duplicate_findings, require_cluster
from bot.swarm.services.gapless import MIN_AVAILABLE
from bot.swarm.services.placement.eligible_nodes import alone_warnings, node_load, schedulable_nodes
from bot.swarm.services.rebalance import spreads
from bot.swarm.services.service_names import refuse_shared_names
from bot.text.suggest import number_of

STATES: Final = {"drain": "drained", "pause": "paused", "activate": "active"}
PARTICIPLES: Final = {**STATES, "activate": "activated"}


@dataclass(frozen=True, slots=True)
class PauseArguments:
    """The arguments of ``pause`` for nodes."""

    nodes: Annotated[tuple[str, ...], Word(NODE, "nodes, by name or the start of the id")]
    node: Annotated[bool, Flag(None, "the names are nodes, even if a service has the same name")] = False


@dataclass(frozen=True, slots=True)
class ActivateArguments:
    """The arguments of ``activate``."""

    nodes: Annotated[tuple[str, ...], Word(NODE, "nodes, by name or the start of the id")]


@dataclass(frozen=True, slots=True)
class DrainArguments:
    """The arguments of ``drain``."""

    nodes: Annotated[tuple[str, ...], Word(NODE, "nodes, by name or the start of the id")]
    now: Annotated[bool, Flag(None, "drain at once, without starting tasks elsewhere first")] = False
    force: Annotated[bool, Flag(None, f"also if fewer tasks run than a label {MIN_AVAILABLE} asks for")] = False


def _query(_: Any) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


@change(
    "drain",
    group="Nodes",
    help="Take all tasks off nodes, and wait until none is left",
    example="drain host-2",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def drain(facts: Facts, arguments: DrainArguments) -> Plan:
    """Drain nodes.

    Services that would have a gap start their tasks elsewhere first; the gaps of other services are costs.
    """
    nodes = find_each(facts, arguments.nodes)
    operations = [Drain(node.id, node.name, facts.name) for node in nodes]
    plan, changing = _plan(facts, nodes, operations, "drain")
    if not changing:
        return plan
    swarm = require_cluster(facts)
    moving = sum(node_load(swarm, node).moving for node in changing)
    moved = f", affects {number_of(moving, 'task')}" if moving else ""
    warnings = tuple(alone_warnings(facts, changing))
    plan = replace(plan, effect=_actives(facts, changing) + moved, warnings=warnings)
    return without_gap(facts, plan, changing, now=arguments.now, force=arguments.force)


@change(
    "pause",
    group="Nodes",
    help="Keep the tasks of nodes, and assign no new ones to them",
    example="pause host-2",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def pause(facts: Facts, arguments: PauseArguments) -> Plan:
    """Pause nodes. With the name of a service, ``pause`` is about its rollout (handlers/pause_service.py)."""
    if not arguments.node:
        refuse_shared_names(facts, arguments.nodes, "pause")
    nodes = find_each(facts, arguments.nodes)
    operations = [SetAvailability(node.id, node.name, "pause") for node in nodes]
    plan, changing = _plan(facts, nodes, operations, "pause")
    if not changing:
        return plan
    others = [other for other in schedulable_nodes(require_cluster(facts)) if other not in changing]
    alone = f"No other node of {facts.name} is active: no task can start until one is."
    return replace(plan, effect=_actives(facts, changing), warnings=() if others else (alone,))


@change(
    "activate",
    group="Nodes",
    help="Assign tasks to nodes again",
    example="activate host-2",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def activate(facts: Facts, arguments: ActivateArguments) -> Plan:
    """Activate nodes. Docker does not move tasks back to them (moby/moby#24103)."""
    nodes = find_each(facts, arguments.nodes)
    operations = [SetAvailability(node.id, node.name, "active") for node in nodes]
    plan, changing = _plan(facts, nodes, operations, "activate")
    if not changing:
        return plan
    effect = f"{_actives(facts, changing, joins=True)}; tasks that run elsewhere stay there"
    if not _can_rebalance(facts, changing):
        return replace(plan, effect=effect)
    order = f"rebalance {changing[0].name}" if len(changing) == 1 else "rebalance"
    return replace(plan, effect=f"{effect}, until {tick(f'/swarm {order}')} moves some", offer=order)


def _can_rebalance(facts: Facts, nodes: Sequence[NodeFacts]) -> bool:
    """Return whether a rebalance would move tasks once the nodes are active."""
    swarm = require_cluster(facts)
    changed = {node.id: replace(node, availability="active") for node in nodes}
    after = replace(swarm, nodes=tuple(changed.get(node.id, node) for node in swarm.nodes))
    return any(spread.can_move for spread in spreads(after))


def _plan(
    facts: Facts, nodes: Sequence[NodeFacts], operations: Sequence[Drain | SetAvailability], verb: str
) -> tuple[Plan, list[NodeFacts]]:
    """Return the plan for a verb such as ``drain``, and the nodes that it changes, side by side."""
    parts = [_part(facts, node, operation) for node, operation in zip(nodes, operations, strict=True)]
    changing = [node for node, part in zip(nodes, parts, strict=True) if part.steps]
    titles = order_titles(
        shown_names(nodes, parts),
        several=len(nodes) > 1,
        verb=verb,
        participle=PARTICIPLES[verb],
        where=f"in {facts.name}",
        success=(f"{tick(nodes[0].name)} is {STATES[verb]}", f"{{count}} nodes of {facts.name} are {STATES[verb]}"),
    )
    return merged(titles, parts), changing


def _part(facts: Facts, node: NodeFacts, operation: Drain | SetAvailability) -> Plan:
    """Return the plan for one node, with a warning if it is not ready: then only its record changes."""
    if operation.satisfied(facts):
        return Plan(PlanTitles(), unchanged=(_held(facts, node, operation),))
    away = f"{tick(node.name)} is {node.state}: the change takes effect when it is back"
    findings = (Finding("warning", away, node.name),) if node.state != "ready" else ()
    return Plan(
        PlanTitles(),
        steps=(Step(operation, node.name),),
        findings=(*duplicate_findings(facts, node), *findings),
    )


def _held(facts: Facts, node: NodeFacts, operation: Drain | SetAvailability) -> str:
    """Return the state that needs no change, with the node's state if it is not ready."""
    if isinstance(operation, Drain) or node.state == "ready":
        return operation.seen(facts)
    return f"{operation.done}; its state is {node.state}"


def _actives(facts: Facts, nodes: Sequence[NodeFacts], *, joins: bool = False) -> str:
    """Return the number of active nodes now, and after ``nodes`` are no longer active or (``joins``) are active."""
    now = schedulable_nodes(require_cluster(facts))
    after = sum(other not in nodes for other in now) + (joins and sum(node.state == "ready" for node in nodes))
    return f"active nodes {len(now)} → {after}" if after != len(now) else f"active nodes {after} (unchanged)"
