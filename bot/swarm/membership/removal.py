"""Remove nodes from their cluster, in the order that costs neither quorum nor tasks. Pure.

The node is drained and demoted, its host leaves and is reported down, and only then its record is removed
(docs/swarm-behaviour.md#removal). If the host does not respond, the node loses only its role and its record. The last
manager just leaves, and the cluster ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from bot.blocks import tick
from bot.errors import Refused
from bot.model import EVERY_TRACK, Cost, Facts, Finding, HostFacts, NodeFacts, Operation, Plan, PlanTitles, Step
from bot.swarm.membership.gapless_drain import without_gap
from bot.swarm.membership.node_orders import each_or_refused, merged
from bot.swarm.operations import Demote, Drain, Leave, RemoveNode
from bot.swarm.quorum import raft_members
from bot.swarm.reading.host_membership import failed_record, swarm_error_text
from bot.swarm.reading.node_lookup import replacement_of
from bot.swarm.services.placement.eligible_nodes import alone_warnings, eviction_warnings, node_load
from bot.text.suggest import listed, number_of

TRACK: Final = "removal"
"""The track on which several nodes leave, one by one."""


def removal_plan(facts: Facts, nodes: Sequence[NodeFacts], plan: Plan) -> Plan:
    """Return ``plan`` with the steps that take the nodes out. Several are drained side by side, then leave one by one.

    Raise Refused if a node is not down and its host cannot be made to leave, unless the plan's ``force`` is given; and
    if several nodes include all managers.
    """
    plan = replace(plan, approvals=1 if any(node.role == "manager" for node in nodes) else plan.approvals)
    [first, *others] = nodes
    host = reachable_host(facts, first)
    if not others and is_last_manager(facts, first) and host is not None:
        return _ending(facts, first, host, plan)
    if others:
        _refuse_all_managers(facts, nodes)
    parts = each_or_refused(nodes, lambda node: _removal(facts, node, forced=plan.force == "given"))
    count = len(facts.swarm.nodes) if facts.swarm else 0
    both = merged(plan.titles, parts)
    plan = replace(
        plan,
        steps=_drained_first(both.steps) if others else both.steps,
        effect=f"{count} → {count - len(nodes)} nodes",
        findings=(*plan.findings, *both.findings),
        warnings=(*plan.warnings, *alone_warnings(facts, _giving_up_tasks(facts, nodes)), *both.warnings),
    )
    drained = {step.operation.node for step in plan.steps if isinstance(step.operation, Drain)}
    if not drained:
        return plan
    return without_gap(facts, plan, [node for node in nodes if node.id in drained], now=False, force=True)


def failed_member_plan(facts: Facts, node: NodeFacts, host: HostFacts, plan: Plan) -> Plan:
    """Return ``plan`` with the steps that end the membership of a host whose engine cannot start it.

    Such an engine neither drains nor reports itself down; it only discards its state.
    """
    plan = replace(plan, approvals=1 if node.role == "manager" else plan.approvals)
    steps: list[Operation] = [Demote(node.id, node.name, facts.name, "")] if node.reachability else []
    steps.append(Leave(host.name, facts.name, node.id, force=True))
    steps.append(RemoveNode(node.id, node.name, facts.name, force=node.role == "manager" and not node.reachability))
    reason = swarm_error_text(host)
    text = f"the engine of {tick(host.name)} cannot start its membership, the node {tick(node.id)}: {reason}"
    lost = f"{tick(host.name)} loses its certificate, labels and availability" + (
        ", and its copy of the Raft log" if node.role == "manager" else ""
    )
    return _with(plan, node, steps, [Finding("warning", text, host.name)], [f"{lost}."])


def is_last_manager(facts: Facts, node: NodeFacts) -> bool:
    """Return whether the node is the only member of Raft."""
    return raft_members(facts).reachable.keys() == {node.id}


def remaining_managers(facts: Facts, nodes: Sequence[NodeFacts]) -> set[str]:
    """Return the ids of the members of Raft that are not among ``nodes``."""
    return raft_members(facts).reachable.keys() - {node.id for node in nodes}


def reachable_host(facts: Facts, node: NodeFacts) -> HostFacts | None:
    """Return the node's host, if its engine responds and has this membership; otherwise None."""
    host = facts.hosts.get(node.host)
    sound = host is not None and host.responds and host.node_id == node.id and host.membership == "active"
    return host if sound else None


def demote_operation(facts: Facts, node: NodeFacts) -> Demote:
    """Return the step that demotes the node.

    It waits for the host only if the node is ready: otherwise the host does not learn of it.
    """
    host = reachable_host(facts, node) if node.ready else None
    return Demote(node.id, node.name, facts.name, host.name if host else "")


def demotion_effects(facts: Facts, node: NodeFacts) -> tuple[list[Finding], list[str]]:
    """Return what a demotion changes beside the quorum: the leader, and tasks that need a manager."""
    findings = [Finding("warning", f"{tick(node.name)} is the leader: another manager takes over", node.name)]
    return findings if node.leader else [], eviction_warnings(facts, node, replace(node, role="worker"))


def _removal(facts: Facts, node: NodeFacts, *, forced: bool) -> Plan:
    """Return the plan for one node, without titles."""
    host = reachable_host(facts, node)
    part = Plan(PlanTitles())
    return (
        _by_itself(facts, node, host, part, forced=forced) if host else _without_host(facts, node, part, forced=forced)
    )


def _giving_up_tasks(facts: Facts, nodes: Sequence[NodeFacts]) -> list[NodeFacts]:
    """Return the nodes whose tasks must run elsewhere: those that are ready and not replaced by a newer record."""
    replaced = [node for node in nodes if facts.swarm and replacement_of(facts.swarm, node)]
    return [node for node in nodes if node.state == "ready" and (reachable_host(facts, node) or node not in replaced)]


def _drained_first(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps of several nodes: drains side by side, so that no task moves to a node that leaves next."""
    drains = [step for step in steps if isinstance(step.operation, Drain)]
    [first, *rest] = [replace(step, track=TRACK) for step in steps if step not in drains]
    return (*drains, replace(first, after=EVERY_TRACK if drains else ""), *rest)


def _refuse_all_managers(facts: Facts, nodes: Sequence[NodeFacts]) -> None:
    """Raise Refused if several nodes include all members of Raft: the cluster ends only by an order about the last."""
    members = [tick(node.name) for node in nodes if node.reachability]
    if members and not remaining_managers(facts, nodes):
        are = "is the last manager" if len(members) == 1 else "are all the managers"
        raise Refused(
            f"{listed(members)} {are} of {facts.name}: without a manager it ends.",
            true_now="Nothing was changed.",
            next_step="Keep one manager, and remove the others.",
        )


def _by_itself(facts: Facts, node: NodeFacts, host: HostFacts, part: Plan, *, forced: bool) -> Plan:
    """Return the plan for a node whose host leaves."""
    manager = node.role == "manager"
    steps: list[Operation] = []
    findings, warnings = demotion_effects(facts, node) if manager else ([], [])
    if node.state == "ready":
        steps.append(Drain(node.id, node.name, facts.name))
        findings += _load(facts, node)
        warnings = []
    if node.reachability:
        steps.append(demote_operation(facts, node))
    # The engine of a manager that does not know of its demotion leaves only if it is forced.
    steps.append(Leave(host.name, facts.name, node.id, force=forced or (manager and not node.ready)))
    steps.append(RemoveNode(node.id, node.name, facts.name, force=manager and not node.reachability))
    return _with(part, node, steps, findings, warnings)


def _without_host(facts: Facts, node: NodeFacts, part: Plan, *, forced: bool) -> Plan:
    """Return the plan for a node whose host cannot leave: the record is removed.

    The record of a manager that is not in Raft stays ready and never goes down.
    """
    old_record = node.role == "manager" and not node.reachability
    replaced = facts.swarm is not None and replacement_of(facts.swarm, node) is not None
    if node.state != "down" and not old_record and not replaced and not forced:
        raise Refused(
            f"the managers report {tick(node.name)} as {node.state}, and it cannot be made to leave: "
            f"{_why(facts, node)}.",
            true_now="Nothing was changed.",
            next_step=_until_removable(node),
        )
    steps: list[Operation] = [demote_operation(facts, node)] if node.reachability else []
    steps.append(RemoveNode(node.id, node.name, facts.name, force=node.state != "down" or old_record))
    text = f"only the record {tick(node.id)} of {tick(node.name)} is removed: {_why(facts, node)}"
    findings = [Finding("warning", text, node.name)]
    if node.host:
        findings.append(Finding("warning", _later(facts, node), node.name))
    warnings = []
    if old_record and node.state == "down":
        warnings.append(
            f"If {tick(node.name)} comes back, nothing tells it that it was removed: together with others like it, it "
            f"makes a second {facts.name} (split brain). Continue only if its disk is destroyed."
        )
    return _with(part, node, steps, findings, warnings)


def _until_removable(node: NodeFacts) -> str:
    """Return what helps for a node that is not down and whose host cannot leave."""
    if not node.host and not node.hostname:
        return f"If no host is joining now, `/swarm remove {node.id} --force` removes the record."
    first = f"Bring {tick(node.name)} back"
    if not node.host and node.state == "ready":
        demoted = f"Demote {tick(node.name)}, then run" if node.role == "manager" else "Run"
        first = f"{demoted} `docker swarm leave` on {tick(node.name)}"
    return f"{first}, or wait until the managers report it down. `--force` removes its record as it is."


def _later(facts: Facts, node: NodeFacts) -> str:
    """Return that a host keeps its membership when its record is removed, and how it ends."""
    host = facts.hosts.get(node.host)
    if host is not None and failed_record(facts, host) == node:
        return f"{tick(host.name)} keeps its membership; `/swarm leave {host.name} --force` discards it with the record"
    return f"if {tick(node.host)} comes back, it believes that it is still a member, until `/swarm leave {node.host}`"


def _ending(facts: Facts, node: NodeFacts, host: HostFacts, plan: Plan) -> Plan:
    """Return the plan that ends the cluster with its last manager. The quorum gate decides whether it may."""
    others = [other for other in (facts.swarm.nodes if facts.swarm else ()) if other.id != node.id]
    lost = f"Services, networks, secrets and configs of {facts.name} are lost with its last manager."
    warnings = []
    if others:
        commands = [f"`/swarm leave {other.host} --force`" for other in others if other.host]
        how = f": {listed(commands)}" if commands else ""
        warnings.append(f"{listed(tick(other.name) for other in others)} must leave too{how}.")
    steps: list[Operation] = [Leave(host.name, facts.name, node.id, force=True, unseen=True)]
    titles = replace(plan.titles, success=f"{facts.name} has ended")
    plan = replace(plan, titles=titles, costs=(Cost("every service", lost),))
    return _with(plan, node, steps, _load(facts, node), warnings)


def _with(plan: Plan, node: NodeFacts, steps: list[Operation], findings: list[Finding], warnings: list[str]) -> Plan:
    return replace(
        plan,
        steps=tuple(Step(operation, node.name) for operation in steps),
        findings=(*plan.findings, *findings),
        warnings=(*plan.warnings, *warnings),
    )


def _load(facts: Facts, node: NodeFacts) -> list[Finding]:
    load = node_load(facts.swarm, node) if facts.swarm else None
    return (
        [Finding("warning", f"{tick(node.name)} runs {number_of(load.tasks, 'task')}", node.name)]
        if load and load.tasks
        else []
    )


def _why(facts: Facts, node: NodeFacts) -> str:
    """Return why the node's host cannot be made to leave."""
    host = facts.hosts.get(node.host)
    if host is None:
        return "it is not a host of swarmbot.yml" if node.hostname else "it has no host name, so its host is unknown"
    if host.failure is not None:
        return host.failure.happened.rstrip(".")
    if host.membership == "error":
        return f"its engine cannot start its membership: {swarm_error_text(host).rstrip('.')}"
    return f"the engine of {tick(host.name)} is {host.membership}"


def outside_raft(facts: Facts, node: NodeFacts) -> Finding | None:
    """Return why the role of a manager that is not in Raft cannot be changed; None for all other nodes."""
    if node.role == "worker" or node.reachability:
        return None
    if reachable_host(facts, node) is not None:
        text = f"{tick(node.name)} was promoted but is not in Raft yet: it does not count."
        return Finding(
            "failed",
            text,
            node.name,
            f"`/swarm node {node.name}` shows when it is reachable. Run the command again then.",
        )
    text = f"{tick(node.name)} (`{node.id}`) is an old record of a manager that is not in Raft: it does not count."
    return Finding("failed", text, node.name, f"`/swarm remove {node.id}` removes the record.")
