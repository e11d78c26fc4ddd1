"""`/swarm leave HOST`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import HOST, Flag, Raise, Word, change
from bot.errors import Failed, Refused
from bot.model import (
    Cost,
    Facts,
    FactsQuery,
    Finding,
    HostFacts,
    HostFailure,
    NodeFacts,
    Operation,
    Plan,
    PlanTitles,
    Step,
)
from bot.swarm.health.lost_quorum import regain_advice
from bot.swarm.membership.removal import failed_member_plan, removal_plan
from bot.swarm.operations import Leave
from bot.swarm.quorum import FORCE, FORCED_APPROVALS
from bot.swarm.reading.host_membership import failed_record, foreign_cluster_names, membership_conflict, was_removed


@dataclass(frozen=True, slots=True)
class LeaveArguments:
    """The arguments of ``leave``."""

    host: Annotated[str, Word(HOST, "a host in swarmbot.yml")]
    force: Annotated[bool, Flag(None, "leave as the last manager, or where the cluster cannot be read")] = False


def _query(arguments: LeaveArguments) -> FactsQuery:
    return FactsQuery(hosts=(arguments.host,), all_hosts=True, peer_reach=True, services=True, task_list=True)


@change(
    "leave",
    group="Nodes",
    help="Take a host out of its cluster, or cancel a join that is pending",
    example="leave host-4",
    permission="administer",
    risk="quorum",
    approval=0,
    raises={"leave": Raise(1, "of a manager"), FORCE: Raise(FORCED_APPROVALS)},
    query=_query,
)
def leave(facts: Facts, arguments: LeaveArguments) -> Plan:
    """Make a host leave. A member of the cluster is drained, demoted and removed as by ``remove``."""
    host = facts.host(arguments.host)
    plan = Plan(
        PlanTitles(
            present=f"takes {tick(host.name)} out of {facts.name}",
            imperative=f"take {tick(host.name)} out of {facts.name}",
            success=f"{tick(host.name)} has left {facts.name}",
            failure=f"{{failed}} did not leave {facts.name}",
        ),
        force="given" if arguments.force else "offered",
    )
    if host.failure:
        raise Failed(
            host.failure.happened, true_now="Nothing was changed.", next_step=_without_host(facts, host.failure, host)
        )
    if host.membership == "inactive":
        return replace(plan, unchanged=(f"{tick(host.name)} is not part of any cluster",))
    if host.joining:
        return _alone(plan, host, Leave(host.name, facts.name, force=True), "has a pending join, which is cancelled")
    node = facts.member(host.name)
    if node is not None and host.membership == "active":
        return removal_plan(facts, (node,), plan)
    if host.runs_as_member and was_removed(facts, host):
        operation = Leave(host.name, facts.name, host.node_id, force=arguments.force or host.is_manager)
        plan = replace(plan, approvals=int(host.is_manager))
        return _alone(plan, host, operation, f"was removed from {facts.name}, but still acts as a member")
    if failed := failed_record(facts, host):
        return _failed(facts, host, failed, plan)
    return _unread(facts, host, plan)


def _failed(facts: Facts, host: HostFacts, node: NodeFacts, plan: Plan) -> Plan:
    """Plan for a host whose engine cannot start its membership: its state is deleted only if that was requested."""
    if plan.force != "given":
        raise membership_conflict(facts, host).refusal()
    return failed_member_plan(facts, node, host, plan)


def _without_host(facts: Facts, failure: HostFailure, host: HostFacts) -> str:
    """Return the next step for a host that does not respond: bring it back, or remove its record."""
    known = [node for node in (facts.swarm.nodes if facts.swarm else ()) if node.host == host.name]
    if not known:
        return failure.next_step
    down = "" if any(node.state == "down" for node in known) else " once the managers report it as down"
    record = f"If it does not come back: `/swarm remove {host.name}` removes its record{down}."
    return " ".join(filter(None, (failure.next_step, record)))


def _alone(plan: Plan, host: HostFacts, operation: Operation, why: str) -> Plan:
    """Return a plan that changes only the host: the cluster has no record of it, or cannot be read."""
    finding = Finding("warning", f"{tick(host.name)} {why}", host.name)
    return replace(plan, steps=(Step(operation, host.name),), findings=(finding,))


def _unread(facts: Facts, host: HostFacts, plan: Plan) -> Plan:
    """Plan for a host in another cluster, or in one that cannot be read: only a worker may leave, and only forced."""
    if facts.swarm is not None or not host.runs_as_member or foreign_cluster_names(facts, host):
        raise membership_conflict(facts, host).refusal()
    if host.is_manager or host.swarm_error:
        raise Refused(
            f"{tick(host.name)} is a manager, and no manager of {facts.name} with a quorum can be read.",
            true_now="Nothing was changed.",
            next_step=regain_advice(facts) or "`/swarm status` shows what is wrong.",
        )
    if plan.force != "given":
        raise Refused(
            f"no manager of {facts.name} with a quorum can be read, so it cannot be seen that {tick(host.name)} left.",
            true_now="Nothing was changed.",
            next_step="Bring the managers back first. "
            f"If {facts.name} is permanently lost: `/swarm leave {host.name} --force`.",
        )
    operation = Leave(host.name, facts.name, host.node_id, force=True, unseen=True)
    stops = (
        f"The tasks of {tick(host.name)} stop, and no manager of {facts.name} can be read that starts them elsewhere."
    )
    plan = replace(plan, costs=(Cost(f"tasks of {host.name}", stops),))
    return _alone(plan, host, operation, f"leaves, but no manager of {facts.name} can be read to confirm it")
