"""`/swarm drain|pause|activate NODE`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import Word, change, text
from bot.model import Facts, FactsQuery, Finding, NodeFacts, Operation, Plan, PlanTitles, Step
from bot.swarm.operations import Drain, SetAvailability
from bot.swarm.reading.node_lookup import duplicate_findings, find_node, require_cluster
from bot.swarm.services.placement import alone_warnings, node_load, schedulable_nodes
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class AvailabilityArguments:
    """The arguments of ``drain``, ``pause`` and ``activate``."""

    node: Annotated[str, Word(text("NODE"), "a node's name, or the start of its id")]


def _query(_: AvailabilityArguments) -> FactsQuery:
    return FactsQuery(services=True, task_list=True)


@change(
    "drain",
    group="Nodes",
    help="Take all tasks off a node, and wait until none is left",
    example="drain host-2",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def drain(facts: Facts, arguments: AvailabilityArguments) -> Plan:
    """Drain a node. Tasks that no other node can run are a cost of the plan."""
    node = find_node(facts, arguments.node)
    operation = Drain(node.id, node.name, facts.name)
    plan = Plan(_titles(facts, node, "drain", state="drained"))
    if operation.satisfied(facts):
        return replace(plan, unchanged=(operation.seen(facts),))
    moving = node_load(require_cluster(facts), node).moving
    moved = f", {number_of(moving, 'task')} must run elsewhere" if moving else ""
    effect = _actives(facts, node) + moved
    return _with(replace(plan, effect=effect, warnings=tuple(alone_warnings(facts, node))), facts, node, operation)


@change(
    "pause",
    group="Nodes",
    help="Keep the tasks of a node, and assign no new ones to it",
    example="pause host-2",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def pause(facts: Facts, arguments: AvailabilityArguments) -> Plan:
    """Pause a node."""
    node = find_node(facts, arguments.node)
    plan = Plan(_titles(facts, node, "pause", state="paused"))
    operation = SetAvailability(node.id, node.name, "pause")
    if operation.satisfied(facts):
        return replace(plan, unchanged=(_held(node, operation),))
    others = [other for other in schedulable_nodes(require_cluster(facts)) if other.id != node.id]
    alone = f"No other node of {facts.name} is active: no task can start until one is."
    return _with(
        replace(plan, effect=_actives(facts, node), warnings=() if others else (alone,)), facts, node, operation
    )


@change(
    "activate",
    group="Nodes",
    help="Assign tasks to a node again",
    example="activate host-2",
    permission="operate",
    risk="capacity",
    approval=0,
    query=_query,
)
def activate(facts: Facts, arguments: AvailabilityArguments) -> Plan:
    """Activate a node. Docker does not move tasks back to it (moby/moby#24103)."""
    node = find_node(facts, arguments.node)
    plan = Plan(_titles(facts, node, "activate", state="active"))
    operation = SetAvailability(node.id, node.name, "active")
    if operation.satisfied(facts):
        return replace(plan, unchanged=(_held(node, operation),))
    effect = f"{_actives(facts, node, joins=True)}; tasks that run elsewhere stay there"
    return _with(replace(plan, effect=effect), facts, node, operation)


def _titles(facts: Facts, node: NodeFacts, verb: str, *, state: str) -> PlanTitles:
    """Return the titles for a verb such as ``drain``, and the state in which the node then is."""
    name, failed = tick(node.name), f"{verb.removesuffix('e')}ed"
    return PlanTitles(
        present=f"{verb}s {name} in {facts.name}",
        imperative=f"{verb} {name} in {facts.name}",
        success=f"{name} is {state}",
        failure=f"{{failed}} was not {failed} in {facts.name}",
    )


def _with(plan: Plan, facts: Facts, node: NodeFacts, operation: Operation) -> Plan:
    """Return the plan with its step, and a warning if the node is not ready: then only its record changes."""
    away = f"{tick(node.name)} is {node.state}: the change takes effect when it is back"
    findings = (Finding("warning", away, node.name),) if node.state != "ready" else ()
    return replace(plan, steps=(Step(operation, node.name),), findings=(*duplicate_findings(facts, node), *findings))


def _held(node: NodeFacts, operation: SetAvailability) -> str:
    """Return the state that needs no change, with the node's state if it is not ready."""
    return operation.done if node.state == "ready" else f"{operation.done}; its state is {node.state}"


def _actives(facts: Facts, node: NodeFacts, *, joins: bool = False) -> str:
    now = schedulable_nodes(require_cluster(facts))
    others = [other for other in now if other.id != node.id]
    after = len(others) + (joins and node.state == "ready")
    return f"active nodes {len(now)} → {after}" if after != len(now) else f"active nodes {after} (unchanged)"
