"""`/swarm demote NODE`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import Flag, Raise, Word, change, text
from bot.errors import Refused
from bot.model import Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.membership.removal import demote_operation, demotion_effects, is_last_manager, outside_raft
from bot.swarm.quorum import FORCE, FORCED_APPROVALS
from bot.swarm.reading.node_lookup import duplicate_findings, find_node, replacement_of, require_cluster


@dataclass(frozen=True, slots=True)
class DemoteArguments:
    """The arguments of ``demote``."""

    node: Annotated[str, Word(text("NODE"), "a manager's name, or the start of its id")]
    force: Annotated[bool, Flag(None, "even if the cluster then tolerates no manager failure; needs 2 approvals")] = (
        False
    )


def _query(_: DemoteArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, peer_reach=True, services=True, task_list=True)


@change(
    "demote",
    group="Managers",
    help="Demote a manager to worker",
    example="demote host-3",
    permission="administer",
    risk="quorum",
    approval=1,
    raises={FORCE: Raise(FORCED_APPROVALS)},
    query=_query,
)
def demote(facts: Facts, arguments: DemoteArguments) -> Plan:
    """Demote a member of Raft. A manager that is down is one too, and counts until it is demoted."""
    node = find_node(facts, arguments.node)
    plan = Plan(
        PlanTitles(
            present=f"demotes {tick(node.name)} in {facts.name}",
            imperative=f"demote {tick(node.name)} in {facts.name}",
            success=f"{tick(node.name)} is a worker of {facts.name}",
            failure=f"{{failed}} was not demoted in {facts.name}",
        ),
        force="given" if arguments.force else "offered",
    )
    if node.role == "worker" and not node.reachability:
        return replace(plan, unchanged=(f"{tick(node.name)} is a worker of {facts.name}, {node.state}",))
    if found := outside_raft(facts, node):
        raise found.refusal()
    if is_last_manager(facts, node):
        raise Refused(
            f"{tick(node.name)} is the only manager of {facts.name}.",
            true_now="Nothing was changed.",
            next_step=f"Promote another node first. To end {facts.name}: `/swarm leave {node.name} --force`.",
        )
    findings, warnings = demotion_effects(facts, node)
    steps = (Step(demote_operation(facts, node), node.name),)
    findings = [*duplicate_findings(facts, node), *findings, *_unreachable(facts, node)]
    return replace(plan, steps=steps, findings=tuple(findings), warnings=tuple(warnings))


def _unreachable(facts: Facts, node: NodeFacts) -> tuple[Finding, ...]:
    """Return a warning about a manager that is not ready, unless a newer record of its host has replaced it."""
    if node.ready or replacement_of(require_cluster(facts), node):
        return ()
    state = node.reachability if node.state == "ready" else node.state
    text = f"{tick(node.name)} is {state}: it stops counting as a manager now, and becomes a worker when it is back"
    return (Finding("warning", text, node.name),)
