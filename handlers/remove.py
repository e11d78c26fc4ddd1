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
    """The words of ``remove``."""

    node: Annotated[str, Word(text("NODE"), "a node's name, or the beginning of its id")]
    force: Annotated[bool, Flag(None, "its record even if it is not down and cannot be made to leave")] = False


def _query(_: RemoveArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, peers=True, services=True, task_list=True)


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
    """Remove a node; of several of one name the dead one."""
    gone = _gone(facts, arguments.node)
    if gone is not None:
        return _plan(facts, arguments, tick(arguments.node), unchanged=(gone,))
    node, findings = _meant(facts, arguments.node)
    plan = _plan(facts, arguments, tick(node.name), findings=findings)
    if follows := replacement_of(require_cluster(facts), node):
        old = f"the old record {tick(node.id)} of {tick(follows.name)}"
        plan = _plan(facts, arguments, old, findings=findings)
        success = f"{old} is gone; {tick(follows.name)} is in {facts.name} as before"
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
            success=f"{shown} is no longer in {facts.name}",
            failure=f"{{failed}} was not removed from {facts.name}",
        ),
        force="given" if arguments.force else "offered",
        findings=findings,
        unchanged=unchanged,
    )


def _gone(facts: Facts, name: str) -> str | None:
    """That a host of swarmbot.yml has no record here, and where it stands; None when there is one, or no such host.

    NotUnderstood where that is not known.
    """
    host = facts.hosts.get(name)
    if host is None or any(name in {node.name, node.hostname} for node in require_cluster(facts).nodes):
        return None
    refuse_unidentified_host(facts, name)
    if was_removed(facts, host):
        return f"{facts.name} has no record of {tick(name)}, which does not know it: `/swarm leave {name}`"
    stands = "does not answer" if host.failure else f"is {membership_text(facts, host)}"
    return f"{facts.name} has no record of {tick(name)}, which {stands}"


def _meant(facts: Facts, name: str) -> tuple[NodeFacts, tuple[Finding, ...]]:
    """The node that is meant. A host that was wiped and joined again has left a dead record: that one."""
    found = find_nodes(facts, name)
    if len(found) == 1:
        return found[0], ()
    dead = [node for node in found if replacement_of(require_cluster(facts), node)]
    others = listed(f"{tick(node.id)} ({node.role}, {node.state})" for node in found)
    if len(dead) != 1:
        raise NotUnderstood(
            f"{tick(name)} means {len(found)} records of {facts.name}: {others}.", next_step="Name one by its id."
        )
    [node] = dead
    text = f"{tick(name)} means {len(found)} records of {facts.name}: {others}; the dead one is meant"
    return node, (Finding("warning", text, node.name),)
