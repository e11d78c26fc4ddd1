"""The health of a cluster in a line, and the numbers behind it. Pure."""

from __future__ import annotations

from collections import Counter

from bot.blocks import DONE, FAILED, WAITING, WARNING, tick
from bot.model import ClusterFacts, Facts
from bot.swarm.health.health import Health
from bot.swarm.health.lost_quorum import old_managers, quorum_among, running_tasks_text
from bot.swarm.quorum import Quorum, known_leader, managers_text, quorum_counts, quorum_of, raft_members, tolerance_text
from bot.swarm.reading.certificates import time_left
from bot.swarm.services.service_state import service_sign
from bot.text.suggest import listed, number_of, part_of


def headline(facts: Facts, health: Health, *, whole: bool = True) -> str:
    """Return the state of a cluster and its most important numbers, as a line that begins with a sign.

    Without ``whole`` not all was read that may be wrong.
    """
    name = facts.name
    if health.level == "none":
        return f"{WARNING} *{name} is not initialised* · none of its {len(facts.hosts)} hosts is part of a cluster"
    if health.level == "unknown":
        return f"{FAILED} *{name} cannot be read* · {_why_unread(facts)}"
    if health.level == "no leader":
        quorum = quorum_among(old_managers(facts))
        respond = f"{managers_text(quorum)} respond, {quorum.needed} needed"
        respond = "its only manager responds but could not be read" if quorum.managers == 1 else respond
        return f"{FAILED} *{name} has no leader* · {respond} · {running_tasks_text(facts)}"
    if facts.swarm is None:
        return _lost_head(facts, quorum_among(old_managers(facts)))
    return _swarm_head(facts, facts.swarm, health, whole=whole and not facts.awaited)


def _why_unread(facts: Facts) -> str:
    hosts = facts.hosts.values()
    silent = sum(not host.responds for host in hosts)
    if silent == len(hosts):
        return f"none of its {len(hosts)} hosts responds"
    if any(host.in_swarm or host.joining for host in hosts):
        return "no manager responds"
    return f"{silent} of its {len(hosts)} hosts {'does' if silent == 1 else 'do'} not respond"


def _lost_head(facts: Facts, quorum: Quorum) -> str:
    managers = "no manager can change the cluster"
    if quorum.tolerates < 0 and quorum.managers > 1:
        managers = quorum_counts(quorum)
    return f"{FAILED} *{facts.name} has no quorum* · {managers} · {running_tasks_text(facts)}"


def _swarm_head(facts: Facts, swarm: ClusterFacts, health: Health, *, whole: bool) -> str:
    name, quorum = facts.name, quorum_of(raft_members(facts))
    if quorum.tolerates < 0:
        return _lost_head(facts, quorum)
    running = sum(service_sign(swarm, service) != FAILED for service in swarm.services)
    critical = any(issue.critical for issue in health.issues)
    managers = counted_managers(quorum)
    if critical and quorum.tolerates <= 0 and quorum.managers > 1:
        parts = [f"{WARNING} *{name} is degraded: it tolerates no manager failure*", managers]
    else:
        healthy = f"{DONE} *{name} is healthy*" if whole else f"{WAITING} *{name} is healthy as far as read*"
        state = f"{WARNING} *{name} is degraded*" if critical else healthy
        parts = [state, f"{managers}, {tolerance_text(quorum.tolerates)}"]
    parts.append(f"{part_of(swarm.ready_count, len(swarm.nodes), 'node')} ready")
    if swarm.services:
        parts.append(counted_services(running, len(swarm.services)))
    return " · ".join(parts)


def counted_managers(quorum: Quorum) -> str:
    """Return ``3 managers``, or ``2 of 3 managers reachable`` if one is not."""
    whole = quorum.reachable == quorum.managers
    return number_of(quorum.managers, "manager") if whole else f"{managers_text(quorum)} reachable"


def counted_services(running: int, total: int) -> str:
    """Return ``2 of 3 services fully running``; ``fully`` is left out if all are."""
    return f"{part_of(running, total, 'service')} {'running' if running == total else 'fully running'}"


def issue_lines(health: Health) -> list[str]:
    """Return a line for each thing that is wrong."""
    return [f"{FAILED if issue.critical else WARNING} {issue.text}" for issue in health.issues]


def number_lines(facts: Facts) -> list[str]:
    """Return its leader, engines and certificates, as at most one line; nothing if it was not read."""
    if facts.swarm is None:
        return []
    leader = known_leader(facts)
    parts = [f"Leader {tick(leader.name)}" if leader else "Leader unknown", _engines(facts.swarm)]
    certificates = [host.certificate for host in facts.hosts.values() if host.certificate]
    if certificates and not facts.awaited:
        left = time_left(min(certificate.expires for certificate in certificates), facts.at)
        parts.append(f"Certificates valid for {left}" if left else "A certificate has expired")
    if unread := [tick(host.name) for host in facts.hosts.values() if host.certificate_error]:
        parts.append(f"The certificate of {listed(unread)} cannot be read")
    if idle := [node for node in facts.swarm.nodes if node.availability != "active"]:
        parts.append(", ".join(f"{tick(node.name)} {node.availability_text}" for node in idle))
    return [" · ".join(parts)]


def _engines(swarm: ClusterFacts) -> str:
    versions = Counter(node.engine_version for node in swarm.nodes if node.engine_version)
    if len(versions) == 1:
        return f"Engine {next(iter(versions))} on all nodes"
    return "Engines " + ", ".join(f"{version} ({number})" for version, number in versions.most_common())
