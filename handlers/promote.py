"""`/swarm promote NODE…`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import tick
from bot.commands import NODE, Word, change
from bot.errors import Failed, Refused
from bot.model import Facts, FactsQuery, Finding, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.health.checkup import address_findings
from bot.swarm.health.preflight import machine_findings, reached_finding
from bot.swarm.membership.node_orders import each_or_refused, find_each, merged, order_titles, role_track, shown_names
from bot.swarm.membership.removal import outside_raft
from bot.swarm.network.route_findings import port_findings
from bot.swarm.operations import Promote
from bot.swarm.reading.node_lookup import duplicate_findings


@dataclass(frozen=True, slots=True)
class PromoteArguments:
    """The arguments of ``promote``."""

    nodes: Annotated[tuple[str, ...], Word(NODE, "workers, by name or the start of the id")]


def _query(arguments: PromoteArguments) -> FactsQuery:
    return FactsQuery(all_hosts=True, probe=arguments.nodes, task_counts=True, services=True, task_list=True)


@change(
    "promote",
    group="Managers",
    help="Promote workers to managers",
    example="promote host-2",
    permission="administer",
    risk="quorum",
    approval=1,
    query=_query,
)
def promote(facts: Facts, arguments: PromoteArguments) -> Plan:
    """Promote workers that are ready and that the managers can reach, one by one."""
    nodes = find_each(facts, arguments.nodes)
    track = role_track(nodes)
    parts = each_or_refused(nodes, lambda node: _part(facts, node, track))
    titles = order_titles(
        shown_names(nodes, parts),
        several=len(nodes) > 1,
        verb="promote",
        participle="promoted",
        where=f"in {facts.name}",
        success=(
            f"{tick(nodes[0].name)} is a manager of {facts.name}",
            f"{{count}} nodes are managers of {facts.name}",
        ),
    )
    return merged(titles, parts)


def _part(facts: Facts, node: NodeFacts, track: str) -> Plan:
    """Return the plan for one node, without titles."""
    plan = Plan(PlanTitles())
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
    steps = (Step(Promote(node.id, node.name, facts.name), track),)
    return replace(plan, steps=steps, findings=(*duplicate_findings(facts, node), *findings))


def _findings(facts: Facts, node: NodeFacts) -> list[Finding]:
    """Return the findings. A blocked port stops the promotion: no manager would reach the new one."""
    host = facts.hosts.get(node.host)
    if host is None or host.failure:
        text = f"{tick(node.name)} is unreachable over SSH, so its ports were not checked"
        return [Finding("warning", text, node.name)]
    seen = [*machine_findings(facts, host, "manager"), *port_findings(facts, host, "manager")]
    address = [
        replace(finding, text=f"{tick(node.name)} is {finding.text}") for finding in address_findings(host, node)
    ]
    if stops := [finding for finding in (*address, *seen) if finding.sign == "failed"]:
        raise Failed(stops[0].text, true_now="Nothing was changed.", next_step=stops[0].next_step)
    return [reached_finding(facts, host), *seen]
