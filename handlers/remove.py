"""`/swarm remove NODE…`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import NODE, Flag, Raise, Word, change
from bot.errors import NotUnderstood
from bot.model import Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles
from bot.swarm.membership.node_orders import each_or_refused, order_titles, refuse_repeated
from bot.swarm.membership.removal import removal_plan
from bot.swarm.quorum import FORCE, FORCED_APPROVALS
from bot.swarm.reading.host_membership import membership_text, was_removed
from bot.swarm.reading.node_lookup import find_nodes, refuse_unidentified_host, replacement_of, require_cluster
from bot.swarm.services.service_names import refuse_shared_names, service_instead
from bot.text.suggest import listed


@dataclass(frozen=True, slots=True)
class RemoveArguments:
    """The arguments of ``remove``."""

    nodes: Annotated[tuple[str, ...], Word(NODE, "nodes, by name or the start of the id")]
    force: Annotated[bool, Flag(None, "remove the record even if the node is not down and cannot leave")] = False
    node: Annotated[bool, Flag(None, "the names are nodes, even if a service has the same name")] = False


@dataclass(frozen=True, slots=True)
class _Target:
    """What a name means."""

    name: str
    shown: str
    node: NodeFacts | None = None
    """None for a host of swarmbot.yml without a record."""
    findings: tuple[Finding, ...] = ()
    unchanged: tuple[str, ...] = ()


def _query(arguments: RemoveArguments) -> FactsQuery:
    return FactsQuery(hosts=arguments.nodes, all_hosts=True, peer_reach=True, services=True, task_list=True)


@change(
    "remove",
    group="Nodes",
    help="Remove nodes from the cluster: drain, demote, leave, delete their records",
    example="remove host-4",
    permission="administer",
    risk="quorum",
    approval=0,
    raises={"remove": Raise(1, "of a manager"), FORCE: Raise(FORCED_APPROVALS)},
    query=_query,
)
def remove(facts: Facts, arguments: RemoveArguments) -> Plan:
    """Remove nodes; if several records have the name, the replaced one."""
    if not arguments.node:
        refuse_shared_names(facts, arguments.nodes)
    targets = each_or_refused(arguments.nodes, lambda name: _target(facts, name))
    there = [(target, target.node) for target in targets if target.node is not None]
    refuse_repeated([target.name for target, _ in there], [node for _, node in there])
    plan = Plan(
        _titles(facts, targets),
        force="given" if arguments.force else "offered",
        findings=tuple(finding for target in targets for finding in target.findings),
        unchanged=tuple(text for target in targets for text in target.unchanged),
    )
    return removal_plan(facts, [node for _, node in there], plan) if there else plan


def _titles(facts: Facts, targets: list[_Target]) -> PlanTitles:
    [first, *others] = targets
    titles = order_titles(
        [target.shown for target in targets if target.node] or [target.shown for target in targets],
        verb="remove",
        participle="removed",
        where=f"from {facts.name}",
        success=(f"{first.shown} is removed from {facts.name}", f"{{count}} nodes are removed from {facts.name}"),
        several=bool(others),
    )
    follows = replacement_of(require_cluster(facts), first.node) if first.node and not others else None
    if follows is None:
        return titles
    success = f"{first.shown} is removed; {tick(follows.name)} is still a member of {facts.name}"
    return replace(titles, success=success)


def _target(facts: Facts, name: str) -> _Target:
    """Return what a name means. Raise NotUnderstood if it is nothing, uncertain, or several records."""
    if error := service_instead(facts, name):
        raise error
    absent = _absent(facts, name)
    if absent is not None:
        return _Target(name, tick(name), unchanged=(absent,))
    node, findings = _chosen(facts, name)
    follows = replacement_of(require_cluster(facts), node)
    shown = f"the old record {tick(node.id)} of {tick(follows.name)}" if follows else tick(node.name)
    return _Target(name, shown, node, findings)


def _absent(facts: Facts, name: str) -> str | None:
    """Return that a host of swarmbot.yml has no record here, and its state; None if it has one, or is unknown.

    Raise NotUnderstood if its state is unknown.
    """
    host = facts.hosts.get(name)
    if host is None or any(name in {node.name, node.hostname} for node in require_cluster(facts).nodes):
        return None
    refuse_unidentified_host(facts, name)
    if host.runs_as_member and was_removed(facts, host):
        return f"{facts.name} has no record of {tick(name)}, which still acts as a member: `/swarm leave {name}`"
    state = "does not respond" if host.failure else f"is {membership_text(facts, host)}"
    return f"{facts.name} has no record of {tick(name)}, which {state}"


def _chosen(facts: Facts, name: str) -> tuple[NodeFacts, tuple[Finding, ...]]:
    """Return the node to remove: the old record of a host that was wiped and joined again."""
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
