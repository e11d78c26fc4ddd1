"""Hosts that join: what was seen of each, and the steps of those that can join. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from bot.errors import Refused, SwarmbotError
from bot.model import Facts, Finding, HostFacts, NodeFacts, Plan, PlanTitles, Role, Step
from bot.swarm.health.issues import check_step
from bot.swarm.health.preflight import preflight
from bot.swarm.membership.member_options import differing_option, unseen_options
from bot.swarm.membership.removal import is_last_manager, outside_raft
from bot.swarm.network.addresses import joining_address, local_address, overlay_findings
from bot.swarm.operations import Join, LabelHost
from bot.swarm.quorum import quorum_of, raft_members
from bot.swarm.reading.host_membership import membership_conflict
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class Joining:
    """Which hosts join with which role, and the options for each of them. None leaves an engine's default."""

    role: Role
    hosts: tuple[str, ...]
    availability: str | None = None
    advertise_addr: str | None = None
    listen_addr: str | None = None
    data_path_addr: str | None = None
    labels: tuple[tuple[str, str], ...] = ()


def join_plan(facts: Facts, joining: Joining, *, part: bool = False) -> Plan:
    """Join each host that can join; report what stops the others.

    Raise Refused if each is already a member with another role or options, unless the plan is only a ``part`` of
    another one.
    """
    findings: list[Finding] = []
    unchanged: list[str] = []
    steps: list[Step] = []
    members, otherwise = 0, 0
    unseen = unseen_options({"--listen-addr": joining.listen_addr, "--data-path-addr": joining.data_path_addr})
    for name in joining.hosts:
        host = facts.host(name)
        node = facts.member(name)
        if node is not None and host.membership == "active" and _is_such(facts, node, joining):
            if differing := differing_option(facts, host, node, joining.availability, joining.advertise_addr):
                findings.append(differing)
                otherwise += 1
                continue
            state = f"`{name}` is a {node.role} of {facts.name}, {_state(node)}{unseen}"
            members += 1
            findings += [] if node.ready else [_of_lost_member(facts, name, node)]
            if labels := _labels(facts, name, joining):
                steps += labels
                findings.append(Finding("done", f"{state}: no join needed", name))
            else:
                unchanged.append(state)
            continue
        seen = _findings(facts, host, joining)
        findings += seen
        otherwise += node is not None and host.membership == "active" and outside_raft(facts, node) is None
        if not any(finding.sign == "failed" for finding in seen):
            steps += _steps(facts, host, joining)
    if otherwise == len(joining.hosts) and not part:
        raise _refused(findings)
    return Plan(
        _titles(facts, joining, steps, members),
        steps=tuple(steps),
        effect=joining_effect(facts, steps),
        findings=tuple(findings),
        unchanged=tuple(unchanged),
    )


def founding_joins(facts: Facts, first: str, joinings: Collection[Joining]) -> tuple[list[Step], list[Finding]]:
    """Return the joins to a cluster that ``first`` is about to be the first manager of, and what was seen of the hosts.

    A manager is judged by its routes to those before it: if two do not reach each other, only the later one is skipped.
    All join side by side once the first is seen: docs/decisions/0041.
    """
    steps: list[Step] = []
    findings: list[Finding] = []
    managers = [first]
    together = [first, *(name for joining in joinings for name in joining.hosts)]
    for joining in joinings:
        for name in joining.hosts:
            host = facts.host(name)
            seen = _of_outsider(facts, host, joining, together, managers)
            findings += seen
            if any(finding.sign == "failed" for finding in seen):
                continue
            steps.append(Step(_operation(facts, host, joining, first), name, after=first))
            if joining.role == "manager":
                managers.append(name)
    return steps, findings


def joining_effect(facts: Facts, steps: Collection[Step]) -> str:
    """Return how the number of nodes changes: "3 → 5 nodes"; "" if no host joins a cluster that exists."""
    joins = sum(isinstance(step.operation, Join) for step in steps)
    if facts.swarm is None or not joins:
        return ""
    return f"{len(facts.swarm.nodes)} → {len(facts.swarm.nodes) + joins} nodes"


def _refused(findings: list[Finding]) -> Refused:
    """Return the refusal of an order that no host can follow because each is a member."""
    if len(findings) == 1:
        return findings[0].refusal()
    text = "\n".join(f"{finding.text} {finding.next_step}".rstrip() for finding in findings)
    return Refused(text, true_now="Nothing was changed.")


def _titles(facts: Facts, joining: Joining, steps: list[Step], members: int) -> PlanTitles:
    """Return the titles. They say *join* only if a host joins; ``members`` hosts are members already."""
    count, role, plural = len(joining.hosts), joining.role, "" if len(joining.hosts) == 1 else "s"
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


def _is_such(facts: Facts, node: NodeFacts, joining: Joining) -> bool:
    return node.role == joining.role and outside_raft(facts, node) is None


def _state(node: NodeFacts) -> str:
    """Return "ready", or "unreachable, down" for a manager that Raft does not reach."""
    return node.state if node.ready or node.role == "worker" else f"{node.raft_state}, {node.state}"


def _of_lost_member(facts: Facts, name: str, node: NodeFacts) -> Finding:
    text = f"The managers of {facts.name} see `{name}` as {_state(node)}."
    return Finding("warning", text, name, f"{check_step(name, 'the managers')}.")


def _findings(facts: Facts, host: HostFacts, joining: Joining) -> list[Finding]:
    """Return the findings for and against joining this host."""
    node = facts.member(host.name)
    if node is not None and host.membership == "active":
        return [outside_raft(facts, node) or _of_other_role(facts, node)]
    return _of_outsider(facts, host, joining, joining.hosts)


def _of_outsider(
    facts: Facts, host: HostFacts, joining: Joining, together: Collection[str], managers: Collection[str] = ()
) -> list[Finding]:
    """Return the findings for and against joining a host that is not a member.

    ``managers`` are those of a cluster that does not exist yet.
    """
    if host.in_swarm:
        return [membership_conflict(facts, host)]
    seen = preflight(facts, host, joining.role, together=together, managers=managers)
    if any(finding.sign == "failed" for finding in seen):
        return seen
    try:
        join = _operation(facts, host, joining)
    except SwarmbotError as error:
        step = error.next_step
        if managers:
            step = "Set its address in swarmbot.yml to one that it has, or join it later with `--advertise-addr`."
        return [Finding("failed", error.happened, host.name, step)]
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


def _operation(facts: Facts, host: HostFacts, joining: Joining, first: str = "") -> Join:
    listen, data = joining.listen_addr, joining.data_path_addr
    nodes = facts.swarm.nodes if facts.swarm else ()
    return Join(
        host=host.name,
        role=joining.role,
        cluster=facts.name,
        cluster_id=facts.cluster_id,
        first=first,
        advertise_addr=joining_address(host, joining.advertise_addr),
        listen_addr=local_address(host, listen, "--listen-addr") if listen else "0.0.0.0:2377",
        data_path_addr=local_address(host, data, "--data-path-addr") if data else "",
        availability=joining.availability or "active",
        known=tuple(node.id for node in nodes if node.hostname in {"", host.hostname}),
    )


def _steps(facts: Facts, host: HostFacts, joining: Joining) -> list[Step]:
    """Join workers in parallel, each on its own track; managers one by one, each after the last is seen in Raft."""
    track = "managers" if joining.role == "manager" else host.name
    labels = [Step(LabelHost(host.name, joining.labels), track)] if joining.labels else []
    return [Step(_operation(facts, host, joining), track), *labels]


def _labels(facts: Facts, host: str, joining: Joining) -> list[Step]:
    label = LabelHost(host, joining.labels)
    return [Step(label, host)] if joining.labels and not label.satisfied(facts) else []
