"""`/swarm join worker|manager HOST…`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from bot.commands import ADDRESS, HOST, LABEL, Flag, Permission, Word, change, choice
from bot.errors import Refused, SwarmbotError
from bot.model import Facts, FactsQuery, Finding, HostFacts, NodeFacts, Plan, PlanTitles, Step
from bot.swarm.health.preflight import preflight
from bot.swarm.membership.member_options import differing_option, unseen_options
from bot.swarm.membership.removal import is_last_manager, outside_raft
from bot.swarm.network.addresses import joining_address, local_address, overlay_findings
from bot.swarm.operations import Join, LabelHost
from bot.swarm.quorum import has_quorum, quorum_of, raft_members
from bot.swarm.reading.host_membership import membership_conflict
from bot.swarm.reading.node_lookup import no_readable_cluster
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class JoinArguments:
    """The arguments of ``join``."""

    role: Annotated[Literal["worker", "manager"], Word(choice("worker", "manager"), "role of the hosts")]
    hosts: Annotated[tuple[str, ...], Word(HOST, "hosts in swarmbot.yml; `host-[3-5]` means three hosts")]
    availability: Annotated[
        Literal["active", "pause", "drain"] | None,
        Flag(choice("active", "pause", "drain"), "availability of the new nodes"),
    ] = None
    advertise_addr: Annotated[
        str | None, Flag(ADDRESS, "address or interface that other nodes use to reach the host")
    ] = None
    listen_addr: Annotated[str | None, Flag(ADDRESS, "address and port to listen on")] = None
    data_path_addr: Annotated[str | None, Flag(ADDRESS, "address or interface for overlay traffic")] = None
    label: Annotated[tuple[tuple[str, str], ...], Flag(LABEL, "label to set on the new nodes")] = ()


def _permission(arguments: JoinArguments) -> Permission:
    return "administer" if arguments.role == "manager" else "operate"


def _subject(arguments: JoinArguments) -> str:
    return f"join {arguments.role}"


def _approval(arguments: JoinArguments) -> int:
    return 1 if arguments.role == "manager" else 0


def _query(arguments: JoinArguments) -> FactsQuery:
    labels = bool(arguments.label)  # a member's label can take its tasks away
    return FactsQuery(probe=arguments.hosts, every_peer=True, services=labels, task_list=labels)


@change(
    "join",
    group="Nodes",
    help="Add hosts to the cluster over SSH",
    example="join worker host-3 host-4",
    permission=_permission,
    risk="reversible",
    approval=_approval,
    subject=_subject,
    query=_query,
)
def join(facts: Facts, arguments: JoinArguments) -> Plan:
    """Join each host that can join; report what stops the others. Members that are otherwise than asked are refused."""
    if facts.swarm is None:
        raise no_readable_cluster(facts, "Nothing was changed.")
    if not has_quorum(facts):
        raise Refused(
            f"{facts.name} has no quorum, so no host can join.",
            true_now="Nothing was changed.",
            next_step="`/swarm status` shows how to restore the quorum.",
        )
    findings: list[Finding] = []
    unchanged: list[str] = []
    steps: list[Step] = []
    members, otherwise = 0, 0
    unseen = unseen_options({"--listen-addr": arguments.listen_addr, "--data-path-addr": arguments.data_path_addr})
    for name in arguments.hosts:
        host = facts.host(name)
        node = facts.member(name)
        if node is not None and host.membership == "active" and _is_such(facts, node, arguments):
            if differing := differing_option(facts, host, node, arguments.availability, arguments.advertise_addr):
                findings.append(differing)
                otherwise += 1
                continue
            held = f"`{name}` is a {node.role} of {facts.name}, {node.state}{unseen}"
            members += 1
            if labels := _labels(facts, name, arguments):
                steps += labels
                findings.append(Finding("done", f"{held}: no join needed", name))
            else:
                unchanged.append(held)
            continue
        seen = _findings(facts, host, arguments)
        findings += seen
        otherwise += node is not None and host.membership == "active" and outside_raft(facts, node) is None
        if not any(finding.sign == "failed" for finding in seen):
            steps += _steps(facts, host, arguments)
    if otherwise == len(arguments.hosts):
        raise _refused(findings)
    return Plan(
        _titles(facts, arguments, steps, members),
        steps=tuple(steps),
        effect=_effect(facts, steps),
        findings=tuple(findings),
        unchanged=tuple(unchanged),
    )


def _refused(findings: list[Finding]) -> Refused:
    """Return the refusal of an order that no host can follow because each is a member: `join` is tried in vain."""
    if len(findings) == 1:
        return findings[0].refusal()
    told = "\n".join(f"{finding.text} {finding.next_step}".rstrip() for finding in findings)
    return Refused(told, true_now="Nothing was changed.")


def _titles(facts: Facts, arguments: JoinArguments, steps: list[Step], members: int) -> PlanTitles:
    """Return titles that call nothing a join that is none; ``members`` hosts are such members already."""
    count, role, plural = len(arguments.hosts), arguments.role, "" if len(arguments.hosts) == 1 else "s"
    if steps and not any(isinstance(step.operation, Join) for step in steps):
        what = f"{number_of(count, role)} of {facts.name}"
        return PlanTitles(
            present=f"labels {what}",
            imperative=f"label {what}",
            success=f"{{count}} {role}{plural} of {facts.name} labelled",
            failure=f"{{failed}} was not labelled in {facts.name}",
        )
    what = number_of(count - members if steps else count, role)
    joined = f"{{count}} {role}{plural} joined {facts.name}"
    return PlanTitles(
        present=f"joins {what} to {facts.name}",
        imperative=f"join {what} to {facts.name}",
        success=f"{{count}} hosts are {role}s of {facts.name}" if steps and members else joined,
        failure=f"{{failed}} did not join {facts.name}",
    )


def _is_such(facts: Facts, node: NodeFacts, arguments: JoinArguments) -> bool:
    return node.role == arguments.role and outside_raft(facts, node) is None


def _findings(facts: Facts, host: HostFacts, arguments: JoinArguments) -> list[Finding]:
    """Return the findings for and against joining this host."""
    node = facts.member(host.name)
    if node is not None and host.membership == "active":
        return [outside_raft(facts, node) or _of_other_role(facts, node)]
    if host.in_swarm:
        return [membership_conflict(facts, host)]
    seen = preflight(facts, host, arguments.role, together=arguments.hosts)
    if any(finding.sign == "failed" for finding in seen):
        return seen
    try:
        join = _join(facts, host, arguments)
    except SwarmbotError as error:
        return [Finding("failed", error.happened, host.name, error.next_step)]
    if host.joining:
        seen.append(Finding("warning", f"`{host.name}` has a pending join, which is cancelled first", host.name))
    return [*seen, *overlay_findings(host, join.advertise_addr, join.data_path_addr)]


def _of_other_role(facts: Facts, node: NodeFacts) -> Finding:
    other, verb = ("worker", "demote") if node.role == "manager" else ("manager", "promote")
    text = f"`{node.name}` is a {node.role} of {facts.name} already, not a {other}."
    step = f"`/swarm {verb} {node.name}` changes its role."
    members = raft_members(facts)
    before, after = quorum_of(members).tolerates, quorum_of(members.left(node.id)).tolerates
    if node.role == "manager" and (after < 0 or before > 0 >= after):
        step = f"To change its role, add another manager first, then `/swarm demote {node.name}`."
    if is_last_manager(facts, node):
        step = f"It is the only manager of {facts.name}: promote another first."
    return Finding("failed", text, node.name, step)


def _join(facts: Facts, host: HostFacts, arguments: JoinArguments) -> Join:
    listen, data = arguments.listen_addr, arguments.data_path_addr
    nodes = facts.swarm.nodes if facts.swarm else ()
    return Join(
        host=host.name,
        role=arguments.role,
        cluster=facts.name,
        cluster_id=facts.cluster_id,
        advertise_addr=joining_address(host, arguments.advertise_addr),
        listen_addr=local_address(host, listen, "--listen-addr") if listen else "0.0.0.0:2377",
        data_path_addr=local_address(host, data, "--data-path-addr") if data else "",
        availability=arguments.availability or "active",
        known=tuple(node.id for node in nodes if node.hostname in {"", host.hostname}),
    )


def _steps(facts: Facts, host: HostFacts, arguments: JoinArguments) -> list[Step]:
    """Join workers in parallel, each on its own track; managers one by one, each after the last is seen in Raft."""
    track = "managers" if arguments.role == "manager" else host.name
    labels = [Step(LabelHost(host.name, arguments.label), track)] if arguments.label else []
    return [Step(_join(facts, host, arguments), track), *labels]


def _labels(facts: Facts, host: str, arguments: JoinArguments) -> list[Step]:
    label = LabelHost(host, arguments.label)
    return [Step(label, host)] if arguments.label and not label.satisfied(facts) else []


def _effect(facts: Facts, steps: list[Step]) -> str:
    joining = sum(isinstance(step.operation, Join) for step in steps)
    if facts.swarm is None or not joining:
        return ""
    return f"{len(facts.swarm.nodes)} → {len(facts.swarm.nodes) + joining} nodes"
