"""Signals about what nobody notices until it causes damage: certificates, clocks, addresses, tokens, backups. Pure."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.blocks import tick, user
from bot.model import ClusterFacts, Facts, HostFacts, NetworkFacts
from bot.model.incident import WatchSettings
from bot.model.observation import Extra, ShownToken, Signal, SignalKind
from bot.swarm.health.clocks import clock_findings
from bot.swarm.health.expiry import certificate_issue, root_issue
from bot.swarm.health.issues import Issue
from bot.swarm.incidents.partial_observation import NOTHING, PartialObservation, joined, key_of
from bot.swarm.reading.certificates import DAY_S, root_expires
from bot.text.durations import age

ADDRESSES_HOLD_S: Final = 60.0
"""While tasks are replaced, the old ones and the new ones have addresses."""
CLOCK_HOLDS_S: Final = 60.0
PRECISE_READ_S: Final = 1.0
"""Clocks are compared only if reading all hosts took no longer than this: an engine's clock is read at some moment of
it."""
NEARLY_USED_UP: Final = 0.9
"""A network is reported if this share of its addresses or more is in use."""
RESERVED_ADDRESSES: Final = 3
"""The reserved addresses of each subnet: the network's, the gateway's and the broadcast address."""


def upkeep_signals(
    facts: Facts, swarm: ClusterFacts | None, settings: WatchSettings, extra: Extra
) -> PartialObservation:
    """Return what needs attention. ``swarm`` is given if the cluster has a quorum."""
    parts = [_certificates(facts, swarm, settings), _clocks(facts), *_extra(facts, settings, extra)]
    return joined([*parts, _addresses(facts, swarm)] if swarm else parts)


def _certificates(facts: Facts, swarm: ClusterFacts | None, settings: WatchSettings) -> PartialObservation:
    """Return certificates that expire soon. Those of nodes are read rarely: what was not read stays as it was."""
    signals: list[Signal] = []
    unread: set[str] = set()
    within_s = settings.certificate_days * DAY_S
    well: dict[str, str] = {}
    for host in facts.hosts.values():
        key = key_of("certificate expires", host.name)
        if host.certificate is None:
            unread.add(key)
            continue
        well[key] = f"the certificate of {tick(host.name)} was renewed"
        if issue := certificate_issue(facts, host, within_s):
            signals.append(_certificate(facts, issue, host))
    if swarm is None or root_expires(swarm) is None:
        unread.add(key_of("certificate expires", ""))
    else:
        well[key_of("certificate expires", "")] = f"{facts.name} has a new root certificate"
        if issue := root_issue(facts, within_s):
            signals.append(replace(_certificate(facts, issue), fix="ca --rotate"))
    return PartialObservation(
        tuple(signals), frozenset({"certificate expires"}), frozenset(unread), MappingProxyType(well)
    )


def _certificate(facts: Facts, issue: Issue, host: HostFacts | None = None) -> Signal:
    """Return the signal of a certificate that expires: a host's, or the root."""
    return Signal(
        "certificate expires",
        host.name if host else "",
        "critical" if issue.critical else "warning",
        issue.text,
        facts.at,
        advice=issue.fix,
        hosts=(host.name,) if host else (),
    )


def _clocks(facts: Facts) -> PartialObservation:
    """Return wrong clocks. A host whose clock was not measured is compared by its engine's time, if that is precise."""
    precise = facts.duration_s <= PRECISE_READ_S
    middle = facts.at - facts.duration_s / 2
    hosts = {
        name: replace(host, clock_offset=host.system_time - middle)
        if host.clock_offset is None and host.system_time and precise
        else host
        for name, host in facts.hosts.items()
    }
    timed = replace(facts, hosts=MappingProxyType(hosts))
    signals: list[Signal] = []
    unread: set[str] = set()
    for host in hosts.values():
        if host.clock_offset is None:
            unread.add(key_of("clock drift", host.name))
            continue
        signals += [
            Signal(
                "clock drift",
                host.name,
                "critical" if finding.sign == "failed" else "warning",
                finding.text.rstrip("."),
                facts.at,
                advice=finding.next_step or f"set the clock of {tick(host.name)} (NTP)",
                hosts=(host.name,),
                holds_s=CLOCK_HOLDS_S,
            )
            for finding in clock_findings(timed, host)[:1]
        ]
    well = {
        key_of("clock drift", name): f"the clock of {tick(name)} is right again"
        for name, host in hosts.items()
        if host.clock_offset is not None
    }
    return PartialObservation(tuple(signals), frozenset({"clock drift"}), frozenset(unread), MappingProxyType(well))


def _addresses(facts: Facts, swarm: ClusterFacts) -> PartialObservation:
    """Return the networks whose addresses are nearly used up, if networks and tasks were read."""
    if not swarm.networks or not swarm.task_list:
        return NOTHING
    used = _used_addresses(swarm)
    signals = []
    for network in swarm.networks:
        size = _size(network)
        if network.driver != "overlay" or not size or used[network.id] < NEARLY_USED_UP * size:
            continue
        counts = f"about {used[network.id]} of {size} addresses"
        is_full = used[network.id] >= size
        text = f"the network {tick(network.name)} uses {counts}"
        if is_full:
            text = f"the network {tick(network.name)} has no free address ({counts} in use): no task on it starts"
        advice = "move services to a network with a larger subnet; a task without a free address stays `new`"
        signals.append(
            Signal(
                "addresses used up",
                network.name,
                "critical" if is_full else "warning",
                text,
                facts.at,
                subject_id=network.id,
                advice=advice,
                holds_s=ADDRESSES_HOLD_S,
            )
        )
    return PartialObservation(tuple(signals), frozenset({"addresses used up"}))


def _used_addresses(swarm: ClusterFacts) -> Counter[str]:
    """Return how many addresses are in use by network id: one a task, a service and a node with tasks on it.

    Without containers that people attached, this is exact (docs/swarm-behaviour.md#networks). A service without a
    virtual address (``dnsrr``) has none.
    """
    used: Counter[str] = Counter()
    places: dict[str, set[str]] = {}
    for task in swarm.task_list:
        if task.alive:
            for target in _networks(task.spec.get("Networks")):
                used[target] += 1
                places.setdefault(target, set()).add(task.node)
    for service in swarm.services:
        if (service.spec.get("EndpointSpec") or {}).get("Mode") != "dnsrr":
            used.update(_networks(service.template.get("Networks")))
    used.update({target: len(nodes) for target, nodes in places.items()})
    return used


def _networks(attached: object) -> list[str]:
    found = attached if isinstance(attached, list | tuple) else ()
    return [str(each.get("Target")) for each in found if isinstance(each, dict)]


def _size(network: NetworkFacts) -> int:
    """Return how many addresses a network has for tasks, services and nodes; 0 if its subnets are not IPv4."""
    subnets = [ipaddress.ip_network(subnet, strict=False) for subnet in network.subnets]
    return sum(max(0, subnet.num_addresses - RESERVED_ADDRESSES) for subnet in subnets if subnet.version == 4)  # noqa: PLR2004


def _extra(facts: Facts, settings: WatchSettings, extra: Extra) -> Iterable[PartialObservation]:
    """Yield what Swarmbot's own records show."""
    if (problems := extra.redis_problems) is not None:
        text, well = "Redis may lose what Swarmbot stores", "Redis keeps what Swarmbot stores"
        yield _one(facts, "redis not durable", text, " ".join(problems), well=well)
    if (problem := extra.audit_problem) is not None:
        text, well = "the chain of the audit log is broken", "the chain of the audit log is intact"
        advice = "run `python -m bot audit verify` where Swarmbot runs" if problem else ""
        yield _one(facts, "audit chain broken", text, advice, well=well, lines=(problem,))
    if extra.last_backup is not None:
        yield _backup(facts, settings, extra.last_backup)
    if extra.tokens is not None:
        yield _tokens(facts, settings, extra.tokens)


def _one(
    facts: Facts, kind: SignalKind, text: str, advice: str, *, well: str, lines: tuple[str, ...] = ()
) -> PartialObservation:
    """Return a signal about Swarmbot itself; none if there is no advice."""
    if not advice:
        return PartialObservation((), frozenset({kind}), well={key_of(kind, ""): well})
    signal = Signal(kind, "", "critical", text, facts.at, advice=advice, lines=lines)
    return PartialObservation((signal,), frozenset({kind}))


def _backup(facts: Facts, settings: WatchSettings, taken: float) -> PartialObservation:
    passed_s = facts.at - taken
    if not settings.backup_days or (taken and passed_s < settings.backup_days * DAY_S):
        return PartialObservation((), frozenset({"backup old"}), well={key_of("backup old", ""): "a backup was taken"})
    text = f"the newest backup of {facts.name} is {age(passed_s)} old" if taken else f"{facts.name} has no backup"
    signal = Signal("backup old", "", "warning", text, facts.at, fix="backup", advice="`/swarm backup` takes one")
    return PartialObservation((signal,), frozenset({"backup old"}))


def _tokens(facts: Facts, settings: WatchSettings, tokens: Iterable[ShownToken]) -> PartialObservation:
    """Return the join tokens that were shown and have not been rotated for too long."""
    oldest: dict[str, ShownToken] = {}
    for token in sorted(tokens, key=lambda each: each.at):
        oldest.setdefault(token.role, token)
    signals = [
        Signal(
            "token not rotated",
            role,
            "warning",
            f"the {role} token was shown to {user(token.by)} {age(facts.at - token.at)} ago and not rotated since",
            facts.at,
            fix=f"token {role} --rotate",
            advice=f"`/swarm token {role} --rotate` makes it invalid",
        )
        for role, token in oldest.items()
        if settings.token_days and facts.at - token.at >= settings.token_days * DAY_S
    ]
    well = {key_of("token not rotated", role): f"the {role} token was rotated" for role in ("worker", "manager")}
    return PartialObservation(tuple(signals), frozenset({"token not rotated"}), well=well)
