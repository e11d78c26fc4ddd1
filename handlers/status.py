"""`/swarm status`: health first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Final

from bot.blocks import (
    DONE,
    FAILED,
    RUNNING,
    WAITING,
    WARNING,
    Message,
    channel,
    paragraphs,
    plain_line,
    quoted,
    tick,
    user,
    when,
)
from bot.commands import NoArguments, question
from bot.errors import SwarmbotError
from bot.model import ClusterFacts, Facts, FactsQuery, OpenChange
from bot.swarm.health.health import Health, Level, health
from bot.swarm.health.issues import Issue
from bot.swarm.health.lost_quorum import old_managers, quorum_among
from bot.swarm.health.next_steps import next_steps
from bot.swarm.quorum import Quorum, managers_text, quorum_counts, quorum_of, raft_members, tolerance_text
from bot.swarm.reading.certificates import time_left
from bot.swarm.services.service_state import service_sign
from bot.text.suggest import listed, number_of, part_of

READ_TIMEOUT_S: Final = 5.0
"""For the hosts, and again for the manager: a status must not wait for hosts that are down."""


LEVELS: Final[tuple[Level, ...]] = ("no quorum", "no leader", "unknown", "degraded", "none", "healthy")
"""The order of clusters in the overview, the worst first."""
COMMAND: Final = re.compile(r"`(/swarm [^`]+)`")


def overview(found: Mapping[str, Facts | SwarmbotError]) -> Message:
    """Return a line for each cluster with its next step, the worst cluster first."""
    lines = [line for *_, line in sorted(_overview_line(name, each) for name, each in found.items())]
    title = f"{number_of(len(found), 'cluster')}, the worst first"
    return Message(title, tuple(paragraphs([f"*{title}*", *lines])))


def _overview_line(name: str, found: Facts | SwarmbotError) -> tuple[int, int, str, str]:
    """Return the line, after what orders it. Its commands name the cluster, so they can be typed in any channel."""
    if isinstance(found, SwarmbotError):
        why = _naming(name, f"{found.happened} {found.next_step}".rstrip())
        return LEVELS.index("unknown"), 0, name, f"{FAILED} *{plain_line(name)} cannot be read*: {why}"
    state = health(found)
    tolerates = quorum_of(raft_members(found)).tolerates if found.swarm else 0
    changes = f" · {number_of(len(found.open_changes), 'change')} under way" if found.open_changes else ""
    steps = "".join(f" · Next: {_naming(name, step)}" for step in next_steps(found, state)[:1])
    return LEVELS.index(state.level), tolerates, name, f"{_head(found, state)}{changes}{steps}"


def _naming(cluster: str, text: str) -> str:
    """Return the text with ``--cluster`` in each of its commands."""
    return COMMAND.sub(lambda found: f"`{found[1]} --cluster {cluster}`", text)


def _query(_: NoArguments) -> FactsQuery:
    return FactsQuery(
        all_hosts=True,
        services=True,
        restarts=True,
        certificates=True,
        open_changes=True,
        timeout_s=READ_TIMEOUT_S,
    )


@question(
    "status",
    group="Look",
    help="Show the cluster's health and how to fix problems; `--cluster all` for every cluster",
    example="status",
    permission="view",
    risk="none",
    approval=0,
    query=_query,
    overview=overview,
)
def status(facts: Facts, _: NoArguments) -> Message:
    """Return the state, the changes that run or wait, what is wrong, the numbers that matter, then the next step."""
    found = health(facts)
    head = _head(facts, found)
    changes, issues = map(_change, facts.open_changes), map(_line, found.issues)
    lines = [head, *changes, *_frozen(facts), *_closed(facts), *issues, *_numbers(facts), *_next(facts, found)]
    return Message(head.replace("*", ""), tuple(paragraphs(lines)))


def _head(facts: Facts, found: Health) -> str:
    name = facts.name
    if found.level == "none":
        return f"{WARNING} *{name} is not initialised* · none of its {len(facts.hosts)} hosts is part of a cluster"
    if found.level == "unknown":
        return f"{FAILED} *{name} cannot be read* · {_why_unread(facts)}"
    if found.level == "no leader":
        quorum = quorum_among(old_managers(facts))
        respond = f"{managers_text(quorum)} respond, {quorum.needed} needed"
        respond = "its only manager responds but could not be read" if quorum.managers == 1 else respond
        return f"{FAILED} *{name} has no leader* · {respond} · running tasks continue"
    if facts.swarm is None:
        return _lost_head(name, quorum_among(old_managers(facts)))
    return _swarm_head(facts, facts.swarm, found)


def _why_unread(facts: Facts) -> str:
    hosts = facts.hosts.values()
    silent = sum(not host.responds for host in hosts)
    if silent == len(hosts):
        return f"none of its {len(hosts)} hosts responds"
    if any(host.in_swarm or host.joining for host in hosts):
        return "no manager responds"
    return f"{silent} of its {len(hosts)} hosts {'does' if silent == 1 else 'do'} not respond"


def _lost_head(name: str, quorum: Quorum) -> str:
    managers = "no manager can change the cluster"
    if quorum.tolerates < 0 and quorum.managers > 1:
        managers = quorum_counts(quorum)
    return f"{FAILED} *{name} has no quorum* · {managers} · running tasks continue"


def _swarm_head(facts: Facts, swarm: ClusterFacts, found: Health) -> str:
    name, quorum = facts.name, quorum_of(raft_members(facts))
    if quorum.tolerates < 0:
        return _lost_head(name, quorum)
    ready = sum(node.ready for node in swarm.nodes)
    running = sum(service_sign(swarm, service) != FAILED for service in swarm.services)
    critical = any(issue.critical for issue in found.issues)
    managers = (
        number_of(quorum.managers, "manager")
        if quorum.reachable == quorum.managers
        else f"{managers_text(quorum)} reachable"
    )
    if critical and quorum.tolerates <= 0 and quorum.managers > 1:
        parts = [f"{WARNING} *{name} is degraded: it tolerates no manager failure*", managers]
    else:
        healthy = f"{WAITING} *{name} is healthy as far as read*" if facts.awaited else f"{DONE} *{name} is healthy*"
        state = f"{WARNING} *{name} is degraded*" if critical else healthy
        parts = [state, f"{managers}, {tolerance_text(quorum.tolerates)}"]
    parts.append(f"{part_of(ready, len(swarm.nodes), 'node')} ready")
    if swarm.services:
        word = "running" if running == len(swarm.services) else "fully running"
        parts.append(f"{part_of(running, len(swarm.services), 'service')} {word}")
    return " · ".join(parts)


def _numbers(facts: Facts) -> list[str]:
    if facts.swarm is None:
        return []
    parts = []
    if leader := facts.swarm.leader:
        parts.append(f"Leader {tick(leader.name)}")
    parts.append(_engines(facts.swarm))
    certificates = [host.certificate for host in facts.hosts.values() if host.certificate]
    if certificates and not facts.awaited:
        left = time_left(min(certificates, key=lambda certificate: certificate.expires), facts.at)
        parts.append(f"Certificates valid for {left}" if left else "A certificate has expired")
    if unread := [tick(host.name) for host in facts.hosts.values() if host.certificate_error]:
        parts.append(f"The certificate of {listed(unread)} cannot be read")
    if idle := [node for node in facts.swarm.nodes if node.availability != "active"]:
        parts.append(", ".join(f"{tick(node.name)} {_availability(node.availability)}" for node in idle))
    return [" · ".join(parts)]


def _engines(swarm: ClusterFacts) -> str:
    versions = Counter(node.engine_version for node in swarm.nodes if node.engine_version)
    if len(versions) == 1:
        return f"Engine {next(iter(versions))} on all nodes"
    return "Engines " + ", ".join(f"{version} ({number})" for version, number in versions.most_common())


def _availability(word: str) -> str:
    return {"drain": "drained", "pause": "paused"}.get(word, word)


def _frozen(facts: Facts) -> list[str]:
    if facts.freeze is None:
        return []
    who = user(facts.freeze.by) if facts.freeze.by else "swarmbot.yml"
    reason = f": {quoted(facts.freeze.reason)}" if facts.freeze.reason else ""
    return [f"{WARNING} Frozen until {when(facts.freeze.until)} by {who}{reason} · each change needs one more approval"]


def _closed(facts: Facts) -> list[str]:
    closed = facts.closed_channel
    if closed is None:
        return []
    told = (
        f"{WARNING} *Swarmbot cannot post in* {channel(closed.id)} ({tick(closed.reason)}) since {when(closed.since)}"
    )
    return [f"{told}: approval requests and results are not seen there. {closed.next_step}"]


def _line(issue: Issue) -> str:
    return f"{FAILED if issue.critical else WARNING} {issue.text}"


def _change(change: OpenChange) -> str:
    words, by = tick(f"/swarm {change.words}"), user(change.requester)
    if change.outdated:
        why = f"its plan no longer applies: {change.outdated}"
        return f"{WARNING} {tick(change.id)} {words} · {why} · requested by {by} · expires {when(change.expires)}"
    if change.state == "awaiting confirmation":
        wait = f"waits until {by} confirms it · expires {when(change.expires)}"
        return f"{WAITING} {tick(change.id)} {words} · {wait}"
    if change.state != "awaiting approval":
        sign, state = (RUNNING, "runs") if change.state == "running" else (WAITING, "waits for its turn")
        return f"{sign} {tick(change.id)} {words} · {state} · requested by {by}"
    have, needed = change.approvals
    return (
        f"{WAITING} {tick(change.id)} {words} · waits for approval, {have} of {needed} · requested by {by} · "
        f"expires {when(change.expires)}"
    )


def _next(facts: Facts, found: Health) -> list[str]:
    steps = next_steps(facts, found)
    return [f"Next: {' · '.join(steps)}"] if steps else []
