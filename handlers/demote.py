"""`/swarm demote NODE…`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import NODE, Flag, Raise, Word, change
from bot.errors import Refused
from bot.model import Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.membership.node_orders import each_or_refused, find_each, merged, order_titles, role_track, shown_names
from bot.swarm.membership.removal import demote_operation, demotion_effects, outside_raft, remaining_managers
from bot.swarm.quorum import FORCE, FORCED_APPROVALS
from bot.swarm.reading.node_lookup import duplicate_findings, replacement_of, require_cluster
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class DemoteArguments:
    """The arguments of ``demote``."""

    nodes: Annotated[tuple[str, ...], Word(NODE, "managers, by name or the start of the id")]
    force: Annotated[
        bool, Flag(None, "even if the cluster then tolerates no manager failure; needs 2 approvals by default")
    ] = False


def _query(arguments: DemoteArguments) -> FactsQuery:
    return FactsQuery(hosts=arguments.nodes, all_hosts=True, peer_reach=True, services=True, task_list=True)


@change(
    "demote",
    group="Managers",
    help="Demote managers to workers",
    example="demote host-3",
    permission="administer",
    risk="quorum",
    approval=1,
    raises={FORCE: Raise(FORCED_APPROVALS)},
    query=_query,
)
def demote(facts: Facts, arguments: DemoteArguments) -> Plan:
    """Demote members of Raft one by one. A manager that is down is one too, and counts until it is demoted."""
    nodes = find_each(facts, arguments.nodes)
    track = role_track(nodes)
    parts = each_or_refused(nodes, lambda node: _part(facts, node, track))
    _refuse_without_manager(facts, nodes)
    titles = order_titles(
        shown_names(nodes, parts),
        several=len(nodes) > 1,
        verb="demote",
        participle="demoted",
        where=f"in {facts.name}",
        success=(f"{tick(nodes[0].name)} is a worker of {facts.name}", f"{{count}} nodes are workers of {facts.name}"),
    )
    return replace(merged(titles, parts), force="given" if arguments.force else "offered")


def _part(facts: Facts, node: NodeFacts, track: str) -> Plan:
    """Return the plan for one node, without titles."""
    plan = Plan(PlanTitles())
    if node.role == "worker" and not node.reachability:
        return replace(plan, unchanged=(f"{tick(node.name)} is a worker of {facts.name}, {node.state}",))
    if found := outside_raft(facts, node):
        raise found.refusal()
    findings, warnings = demotion_effects(facts, node)
    steps = (Step(demote_operation(facts, node), track),)
    findings = [*duplicate_findings(facts, node), *findings, *_unreachable(facts, node)]
    return replace(plan, steps=steps, findings=tuple(findings), warnings=tuple(warnings))


def _refuse_without_manager(facts: Facts, nodes: tuple[NodeFacts, ...]) -> None:
    """Raise Refused if no member of Raft would be left."""
    managers = [node for node in nodes if node.reachability]
    if not managers or remaining_managers(facts, nodes):
        return
    [first, *others] = managers
    if others:
        raise Refused(
            f"{listed(tick(node.name) for node in managers)} are all the managers of {facts.name}.",
            true_now="Nothing was changed.",
            next_step="Keep one of them, or promote another node first.",
        )
    raise Refused(
        f"{tick(first.name)} is the only manager of {facts.name}.",
        true_now="Nothing was changed.",
        next_step=f"Promote another node first. To end {facts.name}: `/swarm leave {first.name} --force`.",
    )


def _unreachable(facts: Facts, node: NodeFacts) -> tuple[Finding, ...]:
    """Return a warning about a manager that is not ready, unless a newer record of its host has replaced it."""
    if node.ready or replacement_of(require_cluster(facts), node):
        return ()
    state = node.reachability if node.state == "ready" else node.state
    text = f"{tick(node.name)} is {state}: it stops counting as a manager now, and becomes a worker when it is back"
    return (Finding("warning", text, node.name),)
