"""`/swarm promote NODE`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import Word, change, text
from bot.errors import Failed, Refused
from bot.model import Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.health.checkup import address_findings
from bot.swarm.health.preflight import machine_findings, reached_finding
from bot.swarm.membership.removal import outside_raft
from bot.swarm.network.route_findings import port_findings
from bot.swarm.operations import Promote
from bot.swarm.reading.node_lookup import duplicate_findings, find_node


@dataclass(frozen=True, slots=True)
class PromoteArguments:
    """The arguments of ``promote``."""

    node: Annotated[str, Word(text("NODE"), "a worker's name, or the start of its id")]


def _query(arguments: PromoteArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, probe=(arguments.node,), task_counts=True, services=True, task_list=True)


@change(
    "promote",
    group="Managers",
    help="Promote a worker to manager",
    example="promote host-2",
    permission="administer",
    risk="quorum",
    approval=1,
    query=_query,
)
def promote(facts: Facts, arguments: PromoteArguments) -> Plan:
    """Promote a worker that is ready and that the managers can reach."""
    node = find_node(facts, arguments.node)
    plan = Plan(
        PlanTitles(
            present=f"promotes {tick(node.name)} in {facts.name}",
            imperative=f"promote {tick(node.name)} in {facts.name}",
            success=f"{tick(node.name)} is a manager of {facts.name}",
            failure=f"{{failed}} was not promoted in {facts.name}",
        ),
    )
    if found := outside_raft(facts, node):
        raise found.refusal()
    if node.role == "manager":
        return replace(plan, unchanged=(f"{tick(node.name)} is a manager of {facts.name}, {node.raft_state}",))
    if node.state != "ready":
        raise Refused(
            f"{tick(node.name)} is {node.state}: as a manager it would count for the quorum, but not be reachable.",
            true_now="Nothing was changed.",
            next_step=f"Bring {tick(node.name)} back first.",
        )
    findings = _findings(facts, node)
    steps = (Step(Promote(node.id, node.name, facts.name), node.name),)
    return replace(plan, steps=steps, findings=(*duplicate_findings(facts, node), *findings))


def _findings(facts: Facts, node: NodeFacts) -> list[Finding]:
    """Return the findings. A blocked port stops the promotion: no manager would reach the new one."""
    host = facts.hosts.get(node.host)
    if host is None or host.failure:
        return [Finding("warning", f"{tick(node.name)} is unreachable over SSH, so its ports were not checked")]
    seen = [*machine_findings(facts, host), *port_findings(facts, host, "manager")]
    address = [
        replace(finding, text=f"{tick(node.name)} is {finding.text}") for finding in address_findings(host, node)
    ]
    if stops := [finding for finding in (*address, *seen) if finding.sign == "failed"]:
        raise Failed(stops[0].text, true_now="Nothing was changed.", next_step=stops[0].next_step)
    return [reached_finding(facts, host), *seen]
