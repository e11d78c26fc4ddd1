"""The health of a cluster: what is wrong, how serious it is, and the command that fixes it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from bot.blocks import FAILED, plain_line
from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts
from bot.swarm.health.expiry import certificate_issue, root_issue
from bot.swarm.health.issues import (
    Issue,
    check_step,
    failed_host_issue,
    hanging_issue,
    leaderless_issue,
    lost_quorum_issue,
    no_leader_text,
    quorum_issues,
    unsure_leader_issue,
    with_failure,
)
from bot.swarm.health.lost_quorum import old_managers, quorum_among, stopped_swarms
from bot.swarm.health.missing_managers import may_rejoin, missing_manager_issue
from bot.swarm.health.preflight import live_restore_fix
from bot.swarm.quorum import quorum_of, raft_members
from bot.swarm.reading.certificates import DAY_S
from bot.swarm.reading.cloned_nodes import clone_finding, clone_groups
from bot.swarm.reading.host_membership import (
    discard_text,
    failed_record,
    inactive_host_of,
    is_membership_unknown,
    membership_text,
    other_cluster_text,
    swarm_error_text,
    was_removed,
)
from bot.swarm.reading.node_lookup import replacement_of
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.service_state import count_text, crash_loop_line, service_sign
from bot.swarm.services.spec.masked import masked_text
from bot.text.suggest import number_of

Level = Literal["healthy", "degraded", "no quorum", "no leader", "unknown", "none"]
MAX_SERVICES = 8
"""At most this many services with missing tasks are named; the rest are counted."""
MAX_SERVICE_STEPS = 3
"""The next steps name a command for at most this many of these services."""
CERTIFICATE_WARNING_S = 7 * DAY_S
"""A certificate that expires sooner is reported."""


@dataclass(frozen=True, slots=True)
class Health:
    """The state of a cluster."""

    level: Level
    """``none``: every host was seen to be in no swarm. ``no quorum``: too few managers respond.

    ``no leader``: enough managers respond, but none could be read. ``unknown``: no manager responds.
    """
    issues: tuple[Issue, ...]
    """The most serious ones come first."""


def health(facts: Facts) -> Health:
    """Return the health. The facts must have been read with all hosts and services."""
    if facts.swarm is None:
        return _without_swarm(facts)
    others = (
        *(
            issue
            for node in facts.swarm.nodes
            if not replacement_of(facts.swarm, node)
            for issue in node_issues(facts, node)
        ),
        *_duplicate_records(facts.swarm),
        *_services(facts.swarm),
        *(issue for host in facts.hosts.values() for issue in _host(facts, host)),
        *filter(None, [root_issue(facts, CERTIFICATE_WARNING_S)]),
    )
    if quorum_of(raft_members(facts)).tolerates < 0:  # then quorum comes first, and the rest later
        others = tuple(replace(issue, fix="") for issue in others)
    issues = (*_clones(facts), *_unless_they_return(quorum_issues(facts, facts.swarm), others), *others)
    return Health("degraded" if issues else "healthy", tuple(sorted(issues, key=lambda issue: not issue.critical)))


def manager_issues(facts: Facts, swarm: ClusterFacts) -> list[Issue]:
    """Return what is wrong with the managers alone."""
    managers = [node for node in swarm.managers if not replacement_of(swarm, node)]
    others = [issue for node in managers for issue in node_issues(facts, node)]
    return [*others, *_unless_they_return(quorum_issues(facts, swarm), others)]


def _unless_they_return(quorum: list[Issue], others: Iterable[Issue]) -> list[Issue]:
    """Return the issue of the quorum, without its fix if another one gives the cluster a manager back."""
    if any(issue.fix and issue.regains_manager for issue in others):
        return [replace(issue, fix="") for issue in quorum]
    return quorum


def _without_swarm(facts: Facts) -> Health:
    members = [host for host in facts.hosts.values() if host.responds and host.in_swarm]
    managers = [host for host in members if host.is_manager or host.swarm_error or host.membership == "locked"]
    if not managers:
        return _unread(facts)
    silent = _silent(facts)
    olds = old_managers(facts)
    quorum = quorum_among(olds)
    missing = [old for old in olds if old.missing]
    lost = [old.name for old in missing if not old.up]
    locked = [_locked(host) for host in managers if host.membership == "locked"]
    stopped = list(map(_stopped_swarm, stopped_swarms(facts)))
    unlocked = replace(quorum, reachable=quorum.reachable + len(locked) + len(stopped))
    working = [host.name for host in managers if host.is_manager and host.runs_as_member]
    if quorum.managers and quorum.tolerates >= 0:
        return Health("no leader", (leaderless_issue(working), *stopped, *locked, *silent))
    unsure = [old.name for old in missing if old.host and not old.gone]
    if working and quorum.managers and quorum.reachable + len(unsure) >= quorum.needed:
        return Health("no leader", (unsure_leader_issue(working, unsure), *stopped, *locked, *_silent(facts, unsure)))
    running = [host for host in managers if host.membership != "locked" and not host.swarm_stopped]
    errors = [Issue(critical=True, text=no_leader_text(host)) for host in running]
    if unlocked.tolerates >= 0 or not olds:
        return Health("no quorum", (*errors, *stopped, *locked, *silent))
    others = (replace(issue, fix="") for issue in (*stopped, *locked, *silent))
    issue = lost_quorum_issue(unlocked, [old.name for old in missing], lost, [each.fix for each in (*locked, *stopped)])
    return Health("no quorum", (*errors, *others, issue))


def _silent(facts: Facts, told: Collection[str] = ()) -> list[Issue]:
    """Return the issues of the hosts that could not be read. What to do about those in ``told`` is said elsewhere."""
    issues = [(host, failed_host_issue(host)) for host in facts.hosts.values() if host.failure]
    return [replace(issue, fix="") if host.name in told else issue for host, issue in issues]


def _unread(facts: Facts) -> Health:
    """Return the health if no manager responds: there is no cluster only if every host was seen to be in none."""
    hosts, olds = facts.hosts.values(), old_managers(facts)
    late = [host for host in hosts if host.failure and host.failure.problem == "slow"]
    hanging = [host.name for host in late if not olds or any(old.host == host for old in olds)]
    silent = _silent(facts, hanging)
    if all(host.responds and host.membership == "inactive" for host in hosts):
        return Health("none", ())
    outside = [
        Issue(
            critical=True,
            text=f"the manager {old.address} is not in swarmbot.yml",
            fix=f"add the host {old.name} to it",
        )
        for old in olds
        if old.host is None
    ]
    pending = [
        Issue(
            critical=False,
            text=f"`{host.name}` reaches no manager yet: it is joining a cluster, or is a worker that has restarted",
            fix="`/swarm status` again in 30 s",
        )
        for host in hosts
        if host.joining
    ]
    unused = [host.name for host in hosts if host.responds and host.membership == "inactive"]
    init = []
    if unused and len(unused) + len(silent) == len(hosts):
        text = f"{facts.name} may have no cluster yet: no host that responds is part of one"
        init = [Issue(critical=False, text=text, fix=f"if there is none yet: `/swarm init {unused[0]}`")]
    election = [hanging_issue(facts, hanging)] if hanging else []
    return Health("unknown", (*election, *silent, *outside, *pending, *init))


def _clones(facts: Facts) -> list[Issue]:
    found = map(clone_finding, clone_groups(facts))
    return [Issue(critical=True, text=finding.text, fix=finding.next_step) for finding in found]


def node_issues(facts: Facts, node: NodeFacts) -> list[Issue]:
    """Return what is wrong with a node."""
    host = facts.hosts.get(node.host)
    if host is not None and (host.membership == "locked" or failed_record(facts, host)):
        return []  # reported for the host, even if the managers report otherwise
    if node.role == "manager" and node.reachability != "reachable":
        return [missing_manager_issue(facts, node)]
    if node.state == "ready":
        return []
    left = inactive_host_of(facts.hosts.values(), node)
    text = f"`{node.name}` ({node.role}) is {node.state}"
    fix = check_step(node.host, "the managers") if node.host else f"`/swarm node {node.name}`"
    if left and left.has_left:
        text = f"{text}: `{left.name}` responds and is not part of any cluster"
        fix = f"`/swarm join worker {left.name}`"
    elif left:
        text = f"{text}: `{left.name}` responds, and its engine may be starting or stopping"
        fix = check_step(left.name, "the managers")
    return [with_failure(Issue(critical=True, text=text, fix=fix), host)]


def _is_told_with_node(facts: Facts, host: HostFacts) -> bool:
    """Return whether the failure of a host is shown with its node."""
    nodes = facts.swarm.nodes if facts.swarm else ()
    return any(node_issues(facts, node) for node in nodes if node.host == host.name)


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
    wrong = [service for service in swarm.services if service_sign(swarm, service) == FAILED]
    issues = [
        Issue(
            critical=True,
            text=f"`{service.name}`: {count_text(swarm, service)}"
            + (f", {plain_line(masked_text(service.complaint))}" if service.complaint else ""),
            fix=f"`/swarm why {service.name}` says why" if number < MAX_SERVICE_STEPS else "",
        )
        for number, service in enumerate(wrong[:MAX_SERVICES])
    ]
    named = {service.name for service in wrong}
    looping = [service for service in swarm.services if service.crash_loop and service.name not in named]
    issues += [
        Issue(
            critical=False,
            text=f"`{service.name}`: {crash_loop_line(swarm, service)}",
            fix=f"`/swarm why {service.name}` says more",
        )
        for service in looping[:MAX_SERVICES]
    ]
    issues += [
        Issue(
            critical=False,
            text=f"Swarmbot paused the rollout of `{service.name}`",
            fix=f"`/swarm resume {service.name}` goes on, `/swarm service {service.name}` shows how far it is",
        )
        for service in swarm.services
        if is_paused(service.spec) and service.name not in named
    ][:MAX_SERVICES]
    paused = [each for each in swarm.services if each.update and "paused" in each.update.state]
    stuck = [each for each in paused if each.name not in named]
    issues += [
        Issue(
            critical=False,
            text=f"the last update of `{service.name}` is paused: {plain_line(service.update.message)}",
            fix=f"`/swarm service {service.name}` shows it",
        )
        for service in stuck[:MAX_SERVICES]
        if service.update
    ]
    if more := wrong[MAX_SERVICES:]:
        text = f"{number_of(len(more), 'more service')} not fully running"
        issues.append(Issue(critical=True, text=text, fix="`/swarm services` shows all, these first"))
    return issues


def _host(facts: Facts, host: HostFacts) -> list[Issue]:
    if host.failure:
        return [] if host.awaited or _is_told_with_node(facts, host) else [failed_host_issue(host)]
    issues = _not_running(facts, host)
    if host.in_swarm and host.live_restore:
        text = f"`{host.name}` has live-restore enabled: its engine will not start again"
        issues.append(Issue(critical=False, text=text, fix=live_restore_fix(host)))
    records = [each for each in (facts.swarm.managers if facts.swarm else ()) if each.host == host.name]
    if host.joining and not any(may_rejoin(facts, record) for record in records):
        text = f"`{host.name}` is still trying to join a cluster and may succeed"
        issues.append(
            Issue(critical=False, text=text, fix=f"`/swarm join worker {host.name}` cancels this and joins it again")
        )
    if host.runs_as_member and facts.member(host.name) is None:
        text, critical = f"`{host.name}` is a member of another cluster: {other_cluster_text(facts, host)}", False
        fix = f"remove `{host.name}` from {facts.name} in swarmbot.yml, or make it leave that cluster"
        if is_membership_unknown(facts, host):
            text, fix = f"`{host.name}` is {membership_text(facts, host)}", f"see `docker info` on `{host.name}`"
        if was_removed(facts, host):
            text = f"`{host.name}` was removed from {facts.name} but still has its old membership"
            fix = f"`/swarm leave {host.name}`"
            if critical := host.is_manager:
                text = f"`{host.name}` still acts as a manager of {facts.name}, which has no record of it"
                fix = f"`/swarm leave {host.name} --force`"
        issues.append(Issue(critical=critical, text=text, fix=fix))
    if expiring := certificate_issue(facts, host, CERTIFICATE_WARNING_S):
        issues.append(expiring)
    return issues


def _not_running(facts: Facts, host: HostFacts) -> list[Issue]:
    """Return why an engine does not run its membership."""
    if host.membership == "locked":
        return [_locked(host)]
    if host.membership == "error":
        return [failed_member_issue(facts, host)]
    return [_stopped_swarm(host)] if host.swarm_stopped and host.is_manager else []


def failed_member_issue(facts: Facts, host: HostFacts) -> Issue:
    """Return the issue of an engine that cannot start its membership."""
    text = f"the engine of `{host.name}` cannot start its membership: {swarm_error_text(host)}"
    node, fix = failed_record(facts, host), f"fix the error on `{host.name}`"
    if node is None:
        return Issue(critical=True, text=text, fix=fix)
    regains = node.role == "manager"
    return Issue(critical=True, text=text, fix=f"{fix}, or {discard_text(host, node)}", regains_manager=regains)


def _stopped_swarm(host: HostFacts) -> Issue:
    return Issue(critical=True, text=no_leader_text(host), fix=f"run `systemctl restart docker` on `{host.name}`")


def _locked(host: HostFacts) -> Issue:
    return Issue(
        critical=True,
        text=f"`{host.name}` is locked: its engine waits for the unlock key",
        fix=f"`/swarm unlock {host.name}`",
        urgent=True,
    )
