"""The health of a cluster: what is wrong, how serious it is, and the command that fixes it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bot.blocks import escape_line
from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts
from bot.swarm.health.issues import (
    Issue,
    is_split_off,
    lost_quorum_issue,
    no_leader_text,
    old_manager_issue,
    quorum_issues,
    split_brain_issue,
)
from bot.swarm.health.lost_quorum import old_managers, quorum_among
from bot.swarm.quorum import quorum_of, raft_members
from bot.swarm.reading.certificates import DAY_S, time_left
from bot.swarm.reading.host_membership import other_cluster_text, was_removed
from bot.swarm.reading.node_lookup import replacement_of

Level = Literal["healthy", "degraded", "no quorum", "unknown", "none"]
CERTIFICATE_WARNING_S = 7 * DAY_S
"""A certificate that expires sooner is reported."""


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a cluster."""

    level: Level
    """``none``: no host is in a swarm. ``no quorum``: there are managers without a quorum. ``unknown``: no answer."""
    issues: tuple[Issue, ...]
    """The most serious ones come first."""


def health(facts: Facts) -> Health:
    """Return the health. The facts must have been read with all hosts and services."""
    if facts.swarm is None:
        return _without_swarm(facts)
    others = (
        *(issue for node in facts.swarm.nodes if not replacement_of(facts.swarm, node) for issue in _node(facts, node)),
        *_duplicate_records(facts.swarm),
        *_services(facts.swarm),
        *(issue for host in facts.hosts.values() for issue in _host(facts, host)),
    )
    if quorum_of(raft_members(facts)).tolerates < 0:  # then quorum comes first, and the rest later
        others = tuple(replace(issue, fix="") for issue in others)
    issues = (*quorum_issues(facts, facts.swarm), *others)
    return Health("degraded" if issues else "healthy", tuple(sorted(issues, key=lambda issue: not issue.critical)))


def _without_swarm(facts: Facts) -> Health:
    olds = old_managers(facts)
    quorum = quorum_among(olds)
    missing = [old.name for old in olds if old.state == "unreachable"]
    unreachable = [_failed_host(host) for host in facts.hosts.values() if host.failure]
    locked = [_locked(host) for host in facts.hosts.values() if host.membership == "locked"]
    members = [host for host in facts.hosts.values() if host.responds and host.in_swarm]
    errors = [
        Issue(critical=True, text=no_leader_text(host))
        for host in members
        if (host.swarm_error or host.is_manager) and host.membership != "locked"
    ]
    if any(host.is_manager or host.swarm_error or host.membership == "locked" for host in members):
        unlocked = replace(quorum, reachable=quorum.reachable + len(locked))
        if (errors or locked) and missing and unlocked.tolerates < 0:
            others = (replace(issue, fix="") for issue in (*locked, *unreachable))
            return Health(
                "no quorum", (*errors, *others, lost_quorum_issue(unlocked, missing, [each.fix for each in locked]))
            )
        return Health("no quorum", (*errors, *locked, *unreachable))
    level: Level = "unknown" if members or len(unreachable) == len(facts.hosts) else "none"
    return Health(level, tuple(unreachable))


def _node(facts: Facts, node: NodeFacts) -> list[Issue]:
    host = facts.hosts.get(node.host)
    if host is not None and host.membership == "locked":
        return []  # reported for the host, whatever the managers report
    if node.role == "manager" and node.reachability != "reachable":
        if host is not None and is_split_off(facts, host):
            return [split_brain_issue(facts, host)]
        if not node.reachability and node.state == "down":
            return [old_manager_issue(node)]
        responds = host is not None and host.membership == "active"
        fix = f"{_tested(node.host)} the other managers" if responds else f"bring `{node.name}` back"
        return [Issue(critical=True, text=f"`{node.name}` (manager) is {node.raft_state}, {node.state}", fix=fix)]
    if node.state != "ready":
        fix = f"{_tested(node.host)} the managers" if node.host else f"`/swarm node {node.name}`"
        return [Issue(critical=True, text=f"`{node.name}` ({node.role}) is {node.state}", fix=fix)]
    return []


def _tested(host: str) -> str:
    return f"`/swarm check {host}` tests its connection to"


def _duplicate_records(swarm: ClusterFacts) -> list[Issue]:
    """Return the old records of hosts that joined again. One that Raft still counts is a manager that never returns."""
    issues = []
    for node in swarm.nodes:
        if replacement_of(swarm, node):
            counts = "; Raft still counts it as an unreachable manager" if node.reachability else ""
            text = f"`{node.id}` is an old record of `{node.hostname}`, {node.state}{counts}"
            issues.append(Issue(critical=bool(counts), text=text, fix=f"`/swarm remove {node.id}`"))
    return issues


def _services(swarm: ClusterFacts) -> list[Issue]:
    return [
        Issue(
            critical=True,
            text=f"`{service.name}`: {service.running} of {service.desired} replicas running"
            + (f", {escape_line(service.complaint)}" if service.complaint else ""),
            fix=f"`docker service ps {service.name}` on a manager shows each task",
        )
        for service in swarm.services
        if service.short
    ]


def _host(facts: Facts, host: HostFacts) -> list[Issue]:
    if host.failure:
        return [_failed_host(host)]
    issues = [_locked(host)] if host.membership == "locked" else []
    if host.joining:
        text = f"`{host.name}` is still trying to join a cluster and may succeed"
        issues.append(
            Issue(critical=False, text=text, fix=f"`/swarm join worker {host.name}` cancels this and joins it again")
        )
    if host.runs_as_member and facts.member(host.name) is None:
        text, critical = f"`{host.name}` is a member of another cluster: {other_cluster_text(facts, host)}", False
        fix = f"remove `{host.name}` from {facts.name} in swarmbot.yml, or make it leave that cluster"
        if was_removed(facts, host):
            text = f"`{host.name}` was removed from {facts.name} but still has its old membership"
            fix = f"`/swarm leave {host.name}`"
            if critical := host.is_manager:
                text = f"`{host.name}` still acts as a manager of {facts.name}, which has no record of it"
                fix = f"`/swarm leave {host.name} --force`"
        issues.append(Issue(critical=critical, text=text, fix=fix))
    if host.certificate and host.certificate.expires - facts.at < CERTIFICATE_WARNING_S:
        left = time_left(host.certificate, facts.at)
        text = f"the certificate of `{host.name}` {f'is valid for {left}' if left else 'has expired'}"
        renewed = f"{_tested(host.name)} the managers, which renew it"
        fix = renewed if left else f"`/swarm leave {host.name}`, then join it again"
        issues.append(Issue(critical=not left, text=text, fix=fix))
    return issues


def _failed_host(host: HostFacts) -> Issue:
    failure = host.failure
    return Issue(critical=True, text=failure.happened if failure else "", fix=failure.next_step if failure else "")


def _locked(host: HostFacts) -> Issue:
    return Issue(
        critical=True,
        text=f"`{host.name}` is locked: its engine waits for the unlock key",
        fix=f"`/swarm unlock {host.name}`",
    )
