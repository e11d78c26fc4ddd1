"""`/swarm rebalance [SERVICE|NODE]`: spread tasks evenly again by the fewest moves, each started before one stops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from bot.blocks import tick
from bot.commands import Flag, Word, change, text
from bot.errors import Refused
from bot.model import ClusterFacts, Facts, FactsQuery, Finding, Plan, PlanTitles, ServiceFacts, Step
from bot.swarm.operations import AddReplicas, RestoreSpec
from bot.swarm.operations.service_plan import changed, one_order, titles
from bot.swarm.reading.node_lookup import find_node, require_cluster
from bot.swarm.services.gapless import MIN_AVAILABLE, min_available
from bot.swarm.services.rebalance import Spread, spreads
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.rollout.rollout_time import batch_size
from bot.swarm.services.service_lookup import find_service
from bot.swarm.services.spec.spec_edit import SpecEdit
from bot.swarm.services.spec.temporary_spec import is_temporary
from bot.text.suggest import listed, number_of

MAY_END_SKEWED: Final = (
    "They may end as uneven as before: new tasks are placed while the old ones still count. Six tasks on three nodes "
    "ended as 3, 1 and 2 on an engine 20.10, and as 2, 2 and 2 on 28.5."
)


@dataclass(frozen=True, slots=True)
class RebalanceArguments:
    """The arguments of ``rebalance``."""

    target: Annotated[str, Word(text("SERVICE|NODE"), "a service, or a node that should get tasks; default: all")] = ""
    force: Annotated[bool, Flag(None, "restart all tasks of the services instead of moving a few")] = False


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
    """Move as few tasks as possible. Changes that an unfinished drain or rebalance left in a spec are undone too."""
    swarm = require_cluster(facts)
    wanted = _wanted(facts, swarm, arguments.target)
    if arguments.force:
        return _forced(facts, wanted, arguments)
    moving = [each for each in wanted if each.can_move]
    left = [each for each in wanted if each not in moving and _is_left(each.service)]
    changing = [*moving, *left]
    return Plan(
        _titles(facts, changing),
        steps=tuple(step for each in changing for step in _steps(each)),
        effect="; ".join(_shown(swarm, each) for each in moving),
        findings=tuple(
            Finding("warning", f"{tick(each.service.name)} stays as it is. {each.obstacle}", each.service.name)
            for each in wanted
            if each.obstacle
        ),
        unchanged=() if changing else (f"no move spreads the tasks of {_of(facts, arguments)} more evenly",),
    )


def _of(facts: Facts, arguments: RebalanceArguments) -> str:
    return tick(arguments.target) if arguments.target else f"{facts.name}'s services"


def _titles(facts: Facts, changing: Sequence[Spread]) -> PlanTitles:
    one = len(changing) == 1
    names = tick(changing[0].service.name) if one else f"services of {facts.name}"
    return PlanTitles(
        present=f"rebalances {names}",
        imperative=f"rebalance {names}",
        success=f"{names} is rebalanced" if one else f"{{count}} services of {facts.name} rebalanced",
        failure=f"{{failed}} was not rebalanced in {facts.name}",
    )


def _forced(facts: Facts, wanted: Sequence[Spread], arguments: RebalanceArguments) -> Plan:
    """Return the plan that restarts all tasks of services that are spread unevenly: the scheduler places them again."""
    uneven = [each for each in wanted if each.moves]
    if not uneven:
        return Plan(_titles(facts, ()), unchanged=(f"the tasks of {_of(facts, arguments)} are spread evenly",))
    names = [each.service.name for each in uneven]
    parts = [(each.service.name, _restarted(facts, each)) for each in uneven]
    return one_order(titles(facts, names, "restart", "restarted", "The restart of"), parts)


def _restarted(facts: Facts, spread: Spread) -> Plan:
    service = spread.service
    _refuse_below_minimum(service)
    plan = changed(facts, service, SpecEdit(force=service.forced + 1), "restart")
    counts = listed(str(count) for count in sorted(spread.counts.values(), reverse=True))
    warning = f"All tasks of {tick(service.name)} restart. By node there are {counts} of them now."
    if (service.spec.get("UpdateConfig") or {}).get("Order") == "start-first":
        warning = f"{warning} {MAY_END_SKEWED}"
    return replace(plan, warnings=(warning, *plan.warnings))


def _refuse_below_minimum(service: ServiceFacts) -> None:
    """Raise Refused if fewer tasks run between two batches than the label of the service asks for."""
    policy = service.spec.get("UpdateConfig") or {}
    if policy.get("Order") == "start-first" or MIN_AVAILABLE not in (service.spec.get("Labels") or {}):
        return
    left = service.replicas - batch_size(service, service.replicas)
    if left < min_available(service):
        raise Refused(
            f"{left} of {number_of(service.replicas, 'task')} of {tick(service.name)} would run meanwhile, and its "
            f"label {tick(MIN_AVAILABLE)} asks for {min_available(service)}.",
            true_now="Nothing was changed.",
            next_step=f"`/swarm update {service.name} --update-order start-first` starts new tasks first.",
        )


def _is_left(service: ServiceFacts) -> bool:
    """Return whether an unfinished drain or rebalance left something in the spec.

    The pause of a rollout does not count.
    """
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
