"""`/swarm leave HOST`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import HOST, Flag, Raise, Word, change
from bot.errors import Failed, Refused
from bot.model import Facts, FactsQuery, Finding, HostFacts, HostFailure, Operation, Plan, PlanTitles, Step
from bot.swarm.membership.removal import removal_plan
from bot.swarm.operations import Leave
from bot.swarm.quorum import FORCE, FORCED_APPROVALS
from bot.swarm.reading.host_membership import foreign_cluster_names, membership_conflict, was_removed


@dataclass(frozen=True, slots=True)
class LeaveArguments:
    """The words of ``leave``."""

    host: Annotated[str, Word(HOST, "a host of swarmbot.yml")]
    force: Annotated[bool, Flag(None, "as the last manager, or where the cluster cannot be read")] = False


def _query(arguments: LeaveArguments) -> FactsQuery:
    return FactsQuery(hosts=(arguments.host,), all_hosts=True, peers=True, services=True, task_list=True)


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
    """Let a host leave; a member goes the whole way out."""
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
        return replace(plan, unchanged=(f"{tick(host.name)} is in no cluster",))
    if host.joining:
        return _alone(plan, host, Leave(host.name, facts.name, force=True), "still tries to join a cluster")
    node = facts.member(host.name)
    if node is not None and host.membership == "active":
        return removal_plan(facts, node, plan)
    if host.takes_part and was_removed(facts, host):
        operation = Leave(host.name, facts.name, host.node_id, force=arguments.force or host.is_manager)
        plan = replace(plan, approvals=int(host.is_manager))
        return _alone(plan, host, operation, f"was removed from {facts.name} and does not know it")
    return _unread(facts, host, plan)


def _without_host(facts: Facts, failure: HostFailure, host: HostFacts) -> str:
    """What to do about a host that does not answer: bring it back, or let its record go without it."""
    known = [node for node in (facts.swarm.nodes if facts.swarm else ()) if node.host == host.name]
    if not known:
        return failure.next_step
    down = "" if any(node.state == "down" for node in known) else " once the managers see it down"
    record = f"If it does not come back: `/swarm remove {host.name}` takes its record away{down}."
    return " ".join(filter(None, (failure.next_step, record)))


def _alone(plan: Plan, host: HostFacts, operation: Operation, why: str) -> Plan:
    """Only the host is concerned: the cluster has no record of it, or cannot be read."""
    finding = Finding("warning", f"{tick(host.name)} {why}", host.name)
    return replace(plan, steps=(Step(operation, host.name),), findings=(finding,))


def _unread(facts: Facts, host: HostFacts, plan: Plan) -> Plan:
    """A host in a cluster that is another, or that cannot be read. Only a worker may then go, and only when forced."""
    if facts.swarm is not None or not host.takes_part or foreign_cluster_names(facts, host):
        raise membership_conflict(facts, host).refusal()
    if host.is_manager or host.swarm_error:
        raise Refused(
            f"{tick(host.name)} is a manager, and {facts.name} has no quorum that could be read.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows what is wrong; `/swarm recover` is for managers that do not come back.",
        )
    if plan.force != "given":
        raise Refused(
            f"no manager of {facts.name} with a quorum could be read: {tick(host.name)} would leave unseen.",
            true_now="Nothing was changed.",
            next_step=f"Bring the managers back first. If {facts.name} is gone for good, add `--force`.",
        )
    operation = Leave(host.name, facts.name, host.node_id, force=True, unseen=True)
    return _alone(plan, host, operation, f"leaves unseen: no manager of {facts.name} could be read")
