"""How a cluster stands: what is wrong, how much it matters, and the command that mends it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.plan import ClusterFacts, Facts, HostFacts, NodeFacts
from bot.slack.blocks import escape
from bot.swarm.places import believes, other_cluster
from bot.swarm.quorum import quorum_of
from bot.swarm.stale import successor

Level = Literal["healthy", "degraded", "no quorum", "unknown", "none"]
DAY = 86400.0
CERTIFICATE_TOLD = 7 * DAY


@dataclass(frozen=True, slots=True)
class Ailment:
    """Something that is not as it should be, and what to do about it ("" when there is nothing to be done here)."""

    grave: bool
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """``none``: no host is in a swarm; ``no quorum``: managers, and none can decide; ``unknown``: nobody answers."""

    level: Level
    ailments: tuple[Ailment, ...]


def health(facts: Facts) -> Health:
    """Judge the facts, which must have been read with all hosts and services."""
    if facts.swarm is None:
        return _without_swarm(facts)
    ailments = (
        *_quorum(facts, facts.swarm),
        *(ailment for node in facts.swarm.nodes if not successor(facts.swarm, node) for ailment in _node(facts, node)),
        *_stale(facts.swarm),
        *_services(facts.swarm),
        *(ailment for host in facts.hosts.values() for ailment in _host(facts, host)),
    )
    return Health("degraded" if ailments else "healthy", tuple(sorted(ailments, key=lambda ailment: not ailment.grave)))


def _without_swarm(facts: Facts) -> Health:
    silent = [_silent(host) for host in facts.hosts.values() if host.trouble]
    locked = [_locked(host) for host in facts.hosts.values() if host.membership == "locked"]
    # A manager that was started without a quorum is pending until there is one.
    members = [host for host in facts.hosts.values() if host.answers and (host.in_a_swarm or host.is_manager)]
    errors = [
        Ailment(grave=True, text=f"`{host.name}`: {_flat(host.swarm_error)}")
        for host in members
        if host.swarm_error and host.membership != "locked"
    ]
    if any(host.is_manager or host.swarm_error or host.membership == "locked" for host in members):
        return Health("no quorum", (*errors, *locked, *silent))
    level: Level = "unknown" if members or len(silent) == len(facts.hosts) else "none"
    return Health(level, tuple(silent))


def _quorum(facts: Facts, swarm: ClusterFacts) -> list[Ailment]:
    quorum = quorum_of(swarm)
    if quorum.survives > 0:
        return []
    if quorum.managers == 1:
        return [
            Ailment(
                grave=False,
                text=f"{facts.name} has one manager: if it fails, the cluster stops deciding",
                mend="`/swarm join manager HOST HOST` makes three",
            )
        ]
    if quorum.reachable == quorum.managers:
        return [
            Ailment(
                grave=False,
                text=f"two managers survive no more failures than one: if either fails, {facts.name} stops deciding",
                mend="`/swarm join manager HOST` makes three",
            )
        ]
    if quorum.survives < 0:
        text = f"{quorum.reachable} of {quorum.managers} managers reachable, {quorum.needed} are needed"
        return [Ailment(grave=True, text=text)]
    text = (
        f"{quorum.reachable} of {quorum.managers} managers reachable: one more failure and {facts.name} stops deciding"
    )
    return [Ailment(grave=True, text=text)]


def _node(facts: Facts, node: NodeFacts) -> list[Ailment]:
    if node.role == "manager" and node.reachability != "reachable":
        host = facts.hosts.get(node.host)
        if host is not None and host.membership == "locked":
            return [_locked(host)]
        text = f"`{node.name}` (manager) is {node.reachability or 'not in Raft'}, {node.state}"
        return [Ailment(grave=True, text=text, mend=f"bring `{node.name}` back")]
    if node.state != "ready":
        return [
            Ailment(grave=True, text=f"`{node.name}` ({node.role}) is {node.state}", mend=f"`/swarm node {node.name}`")
        ]
    return []


def _stale(swarm: ClusterFacts) -> list[Ailment]:
    """Old records of hosts that joined again; one that Raft still counts is a manager that never comes back."""
    ailments = []
    for node in swarm.nodes:
        if successor(swarm, node):
            counts = "; Raft counts it as a manager that is not there" if node.reachability else ""
            text = f"`{node.id}` is an old record of `{node.hostname}`, {node.state}{counts}"
            ailments.append(Ailment(grave=bool(counts), text=text, mend=f"`/swarm remove {node.id}`"))
    return ailments


def _services(swarm: ClusterFacts) -> list[Ailment]:
    return [
        Ailment(
            grave=True,
            text=f"`{service.name}` {service.running} of {service.desired} replicas"
            + (f": {_flat(service.complaint)}" if service.complaint else ""),
        )
        for service in swarm.services
        if service.short
    ]


def _host(facts: Facts, host: HostFacts) -> list[Ailment]:
    if host.trouble:
        return [_silent(host)]
    ailments = []
    if host.membership == "pending":
        text = f"`{host.name}` still tries to join a cluster and may come in by itself"
        ailments.append(Ailment(grave=False, text=text, mend=f"`/swarm join worker {host.name}` starts afresh"))
    if host.in_a_swarm and host.membership == "active" and facts.member(host.name) is None:
        text, mend = f"`{host.name}` is in another cluster: {other_cluster(facts, host)}", ""
        if believes(facts, host):
            text = f"`{host.name}` was removed from {facts.name} and does not know it"
            mend = f"`/swarm leave {host.name}`"
        ailments.append(Ailment(grave=False, text=text, mend=mend))
    if host.certificate and host.certificate.expires - facts.at < CERTIFICATE_TOLD:
        left = (host.certificate.expires - facts.at) / DAY
        text = f"the certificate of `{host.name}` " + (f"is good for {left:.1f} more days" if left > 0 else "has ended")
        ailments.append(Ailment(grave=left <= 0, text=text))
    return ailments


def _silent(host: HostFacts) -> Ailment:
    trouble = host.trouble
    return Ailment(grave=True, text=trouble.happened if trouble else "", mend=trouble.next_step if trouble else "")


def _locked(host: HostFacts) -> Ailment:
    return Ailment(
        grave=True,
        text=f"`{host.name}` is locked: its engine waits for the unlock key",
        mend=f"`/swarm unlock {host.name}`",
    )


def _flat(text: str) -> str:
    return escape(" ".join(text.split()))
