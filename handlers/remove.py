"""`/swarm remove NODE`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import Flag, Raise, Word, change, text
from bot.errors import NotUnderstood
from bot.model import Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles
from bot.swarm.membership.removal import removal_plan
from bot.swarm.quorum import FORCE, FORCED_APPROVALS
from bot.swarm.reading.host_membership import membership_text, was_removed
from bot.swarm.reading.node_lookup import find_nodes, refuse_unidentified_host, replacement_of, require_cluster
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class RemoveArguments:
    """The arguments of ``remove``."""

    node: Annotated[str, Word(text("NODE"), "a node's name, or the start of its id")]
    force: Annotated[bool, Flag(None, "remove the record even if the node is not down and cannot leave")] = False


def _query(_: RemoveArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, peer_reach=True, services=True, task_list=True)


@change(
    "remove",
    group="Nodes",
    help="Remove a node from the cluster: drain, demote, leave, delete its record",
    example="remove host-4",
    permission="administer",
    risk="quorum",
    approval=0,
    raises={"remove": Raise(1, "of a manager"), FORCE: Raise(FORCED_APPROVALS)},
    query=_query,
)
def remove(facts: Facts, arguments: RemoveArguments) -> Plan:
    """Remove a node; of several records with one name, the replaced one."""
    absent = _absent(facts, arguments.node)
    if absent is not None:
        return _plan(facts, arguments, tick(arguments.node), unchanged=(absent,))
    node, findings = _chosen(facts, arguments.node)
    plan = _plan(facts, arguments, tick(node.name), findings=findings)
    if follows := replacement_of(require_cluster(facts), node):
        old = f"the old record {tick(node.id)} of {tick(follows.name)}"
        plan = _plan(facts, arguments, old, findings=findings)
        success = f"{old} is removed; {tick(follows.name)} is still a member of {facts.name}"
        plan = replace(plan, titles=replace(plan.titles, success=success))
    return removal_plan(facts, node, plan)


def _plan(
    facts: Facts,
    arguments: RemoveArguments,
    shown: str,
    *,
    unchanged: tuple[str, ...] = (),
    findings: tuple[Finding, ...] = (),
) -> Plan:
    return Plan(
        PlanTitles(
            present=f"removes {shown} from {facts.name}",
            imperative=f"remove {shown} from {facts.name}",
            success=f"{shown} is removed from {facts.name}",
            failure=f"{{failed}} was not removed from {facts.name}",
        ),
        force="given" if arguments.force else "offered",
        findings=findings,
        unchanged=unchanged,
    )


def _absent(facts: Facts, name: str) -> str | None:
    """Return that a host of swarmbot.yml has no record here, and its state; None if it has one, or is not known.

    Raise NotUnderstood if its state is unknown.
    """
    host = facts.hosts.get(name)
    if host is None or any(name in {node.name, node.hostname} for node in require_cluster(facts).nodes):
        return None
    refuse_unidentified_host(facts, name)
    if was_removed(facts, host):
        return f"{facts.name} has no record of {tick(name)}, which still acts as a member: `/swarm leave {name}`"
    state = "does not respond" if host.failure else f"is {membership_text(facts, host)}"
    return f"{facts.name} has no record of {tick(name)}, which {state}"


def _chosen(facts: Facts, name: str) -> tuple[NodeFacts, tuple[Finding, ...]]:
    """Return the node to remove. A host that was wiped and joined again has left an old record: that one."""
    found = find_nodes(facts, name)
    if len(found) == 1:
        return found[0], ()
    replaced = [node for node in found if replacement_of(require_cluster(facts), node)]
    others = listed(f"{tick(node.id)} ({node.role}, {node.state})" for node in found)
    if len(replaced) != 1:
        raise NotUnderstood(
            f"{tick(name)} matches {len(found)} records of {facts.name}: {others}.", next_step="Give the id of one."
        )
    [node] = replaced
    text = f"{tick(name)} matches {len(found)} records of {facts.name}: {others}; the replaced one is removed"
    return node, (Finding("warning", text, node.name),)
