"""Warnings about the managers that a plan leaves, beyond whether their number is enough. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Final

from bot.blocks import tick
from bot.model import Facts, NodeFacts, Plan, RaftMembers, Step, newcomer
from bot.swarm.quorum.arithmetic import Quorum, quorum_of
from bot.text.suggest import listed, number_of, part_of

MAX_MANAGERS: Final = 7
"""The largest number of managers that Docker's documentation recommends."""
MIN_FAULT_TOLERANT_MANAGERS: Final = 3
"""The smallest number of managers that tolerates a failure."""


def manager_warnings(facts: Facts, plan: Plan, before: RaftMembers, after: RaftMembers, domain: str) -> list[str]:
    """Return warnings about the number of managers, their failure domains, and managers that run tasks.

    A state that existed before the plan is not reported again (docs/decisions/0007).
    """
    was, becomes = _managers(facts, before), _managers(facts, after, plan.steps)
    known = _domains(before, was, domain)
    return [
        *(_number(quorum_of(after)) if becomes.keys() != was.keys() else ()),
        *(line for line in _domains(after, becomes, domain) if line not in known),
        *_busy(facts, was, becomes),
    ]


def connection_warnings(facts: Facts, members: RaftMembers) -> list[str]:
    """Return which of these members do not reach each other, and for which of them this is unknown."""
    cuts = [f"{pair} do not reach each other on 2377/tcp." for pair in _cuts(facts, members)]
    cuts += [
        f"Swarmbot could not test whether {source} reaches {targets} on 2377/tcp, and relies on the leader's report."
        for source, targets in _untested(facts, members)
    ]
    managers = facts.swarm.managers if facts.swarm else ()
    counted = [node.id for node in managers if members.reachable.get(node.id) and not _answers(facts, node)]
    if not counted or len(members.reachable) == 1:
        return cuts
    reach = "it reaches" if len(counted) == 1 else "they reach"
    who = listed(member_names(facts, counted))
    return [*cuts, f"Swarmbot could not ask {who} which managers {reach}, and relies on the leader's report."]


def strengthening_step(facts: Facts, now: RaftMembers, then: RaftMembers, *, wanted: int) -> str:
    """Return the step that makes more managers reachable ``now``.

    A new manager is suggested only if the cluster would ``then`` tolerate ``wanted`` failures.
    """
    more = adding_text(facts, 1)
    if missing := [node for node, up in now.reachable.items() if not up]:
        enough = quorum_of(then.joined(newcomer("NEW"))).tolerates >= wanted
        return (
            f"Bring {listed(member_names(facts, missing))} back first{f', or add a manager: {more}' if enough else ''}."
        )
    if cuts := _cuts(facts, now):
        return f"Restore the connection on 2377/tcp first between: {'; '.join(cuts)}."
    return f"Add a manager first: {more}."


def adding_text(facts: Facts, count: int) -> str:
    """Return the commands that add ``count`` managers, with the names of nodes and hosts that can become one.

    HOST stands for a machine that must be added to swarmbot.yml first, if no other is left.
    """
    nodes = facts.swarm.nodes if facts.swarm else ()
    workers = [node.name for node in nodes if node.role == "worker" and node.ready and _may_become_manager(facts, node)]
    recorded = {node.hostname for node in nodes}
    free = [
        host.name
        for host in facts.hosts.values()
        if host.responds and host.membership == "inactive" and host.hostname not in recorded and not host.live_restore
    ]
    commands = [
        f"`/swarm {verb} {' '.join(names[:count])}`"
        for verb, names in (("promote", workers), ("join manager", free))
        if len(names) >= count
    ]
    return " or ".join(commands) or f"`/swarm join manager {' '.join(['HOST'] * count)}`"


def member_names(facts: Facts, nodes: Iterable[str]) -> list[str]:
    """Return the names of these members, in backticks."""
    names = {node.id: node.name for node in (facts.swarm.nodes if facts.swarm else ())}
    return [tick(names.get(node, node)) for node in nodes]


def _cuts(facts: Facts, members: RaftMembers) -> list[str]:
    """Return the pairs of these members that do not reach each other."""
    up = [node for node, reachable in members.reachable.items() if reachable]
    return [" and ".join(member_names(facts, pair)) for pair in combinations(up, 2) if frozenset(pair) in members.cut]


def _untested(facts: Facts, members: RaftMembers) -> list[tuple[str, str]]:
    """Return each of these members whose connections to others of them had no result, with those others."""
    up = {
        node.raft_address: node
        for node in (facts.swarm.managers if facts.swarm else ())
        if members.reachable.get(node.id)
    }
    found = []
    for node in up.values():
        host = facts.hosts.get(node.host)
        met = host.peer_reach if host else {}
        if targets := [other.id for address, other in up.items() if met.get(address) == "unknown"]:
            found.append((tick(node.name), listed(member_names(facts, targets))))
    return found


def _may_become_manager(facts: Facts, node: NodeFacts) -> bool:
    """Return whether one host, which responds, is the node: a clone has the node's id too."""
    hosts = [host for host in facts.hosts.values() if host.node_id == node.id]
    return len(hosts) == 1 and not hosts[0].live_restore


def _answers(facts: Facts, node: NodeFacts) -> bool:
    host = facts.hosts.get(node.host)
    return host is not None and host.responds


def _number(after: Quorum) -> list[str]:
    if after.managers > MAX_MANAGERS:
        return [f"{after.managers} managers make every write slower. Docker recommends at most {MAX_MANAGERS}."]
    if after.managers and after.managers % 2 == 0:
        return [f"{after.managers} managers tolerate no more failures than {after.managers - 1}. Add one more manager."]
    return []


def _managers(facts: Facts, members: RaftMembers, steps: Sequence[Step] = ()) -> dict[str, NodeFacts]:
    """Return the node records of these members after these steps, including the future records of joining hosts."""
    known = {node.id: node for node in (facts.swarm.nodes if facts.swarm else ())}
    found = {each: known.get(each) or _new(each.removeprefix(newcomer(""))) for each in members.reachable}
    for step in steps:
        found = {each: step.operation.record(node) for each, node in found.items()}
    return found


def _new(host: str) -> NodeFacts:
    return NodeFacts(newcomer(host), host, "manager", "active", "ready", 0, MappingProxyType({}), host)


def _domains(members: RaftMembers, managers: Mapping[str, NodeFacts], domain: str) -> list[str]:
    """Return a warning for each failure domain whose failure loses quorum.

    A failure domain is the nodes with the same value of the label ``domain``. A manager without the label is in no
    known domain. A domain with one manager is not reported: its failure is like that of any manager.
    """
    quorum = quorum_of(members)
    if quorum.managers < MIN_FAULT_TOLERANT_MANAGERS:
        return []
    domains = {each: node.labels.get(domain, "") for each, node in managers.items()}
    return [
        f"{part_of(together, quorum.managers, 'manager')} have {tick(f'{domain}={value}')}: if they fail together, "
        "quorum is lost."
        for value, together in sorted(Counter(filter(None, domains.values())).items())
        if together > 1 and _reachable_outside(members, domains, value) < quorum.needed
    ]


def _reachable_outside(members: RaftMembers, domains: Mapping[str, str], value: str) -> int:
    """Return how many reachable members are outside a failure domain."""
    return sum(up and domains[node] != value for node, up in members.reachable.items())


def _busy(facts: Facts, before: Mapping[str, NodeFacts], becomes: Mapping[str, NodeFacts]) -> list[str]:
    """Return warnings for new managers that run tasks, and for the first manager that accepts tasks."""
    tasks = facts.swarm.task_counts if facts.swarm else {}
    active = {each for each, node in becomes.items() if node.availability == "active"}
    running = {each: node for each, node in becomes.items() if each not in before and tasks.get(each)}
    takes = {each for each in active - running.keys() if each not in before or before[each].availability != "active"}
    warnings = []
    if running:
        counts = (f"{tick(node.name)} runs {number_of(tasks[each], 'task')}" for each, node in running.items())
        usual = any(tasks.get(each) for each in before)
        warnings.append(f"{listed(counts)}{', also as a manager' if usual else _otherwise(facts, 'run')}")
    others = becomes.keys() - running.keys() - takes
    if takes and others and not others & active:
        names = listed(tick(node.name) for each, node in becomes.items() if each in takes)
        warnings.append(f"{names} {'accepts' if len(takes) == 1 else 'accept'} tasks{_otherwise(facts, 'accept')}")
    return warnings


def _otherwise(facts: Facts, what: str) -> str:
    return f"; the other managers of {facts.name} {what} none"
