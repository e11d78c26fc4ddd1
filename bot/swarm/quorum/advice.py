"""What to say of the managers that a plan leaves, beside their number being enough. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Final

from bot.plan import Facts, Members, Plan, newcomer
from bot.slack.blocks import tick
from bot.spelling import listed
from bot.swarm.quorum.arithmetic import Quorum, count

PLENTY: Final = 7
"""Docker's documentation advises no more managers than this."""
FEW: Final = 3
"""With fewer managers there is no failure to survive, wherever they stand."""


def advice(facts: Facts, plan: Plan, before: Members, after: Members, domain: str) -> list[str]:
    """Warnings about the managers ``after`` the plan: their number, where they stand, and what they run."""
    cuts = [f"{pair} do not reach each other on 2377/tcp." for pair in _cuts(facts, after)]
    if after.reachable.keys() == before.reachable.keys():
        return cuts
    return [
        *cuts,
        *_number(count(after)),
        *_domains(facts, plan, after, domain),
        *_busy(facts, after.reachable.keys() - before.reachable.keys()),
    ]


def strengthen(facts: Facts, now: Members, then: Members, *, wanted: int) -> str:
    """What makes more managers reachable ``now``: a new one too, where ``then`` it survives ``wanted`` failures."""
    more = "`/swarm promote NODE` or `/swarm join manager HOST`"
    if missing := [node for node, up in now.reachable.items() if not up]:
        enough = count(then.joined(newcomer("NEW"))).survives >= wanted
        return f"Bring {listed(named(facts, missing))} back first{f', or add a manager: {more}' if enough else ''}."
    if cuts := _cuts(facts, now):
        return f"Let {listed(cuts)} reach each other on 2377/tcp first."
    return f"Add a manager first: {more}."


def named(facts: Facts, nodes: Iterable[str]) -> list[str]:
    """What people call these members."""
    names = {node.id: node.name for node in (facts.swarm.nodes if facts.swarm else ())}
    return [tick(names.get(node, node)) for node in nodes]


def _cuts(facts: Facts, members: Members) -> list[str]:
    """The pairs among these members that do not reach each other."""
    up = [node for node, reachable in members.reachable.items() if reachable]
    return [" and ".join(named(facts, pair)) for pair in combinations(up, 2) if frozenset(pair) in members.cut]


def _number(after: Quorum) -> list[str]:
    if after.managers > PLENTY:
        return [f"{after.managers} managers make every write slower; {PLENTY} are plenty."]
    if after.managers and after.managers % 2 == 0:
        return [f"{after.managers} managers survive no more failures than {after.managers - 1}: add another."]
    return []


def _domains(facts: Facts, plan: Plan, after: Members, domain: str) -> list[str]:
    """Where the failure of one failure domain (nodes with the same value of the label ``domain``) loses the quorum.

    A manager without the label stands in none that is known. One alone in its domain is a failure like any other.
    """
    quorum = count(after)
    if quorum.managers < FEW:
        return []
    labels = _labels(facts, plan)
    places = Counter(place for node in after.reachable if (place := labels.get(node, {}).get(domain)))
    return [
        f"{together} of {quorum.managers} managers have {tick(f'{domain}={place}')}: without it there is no quorum."
        for place, together in sorted(places.items())
        if together > 1 and _elsewhere(after, labels, domain, place) < quorum.needed
    ]


def _elsewhere(members: Members, labels: Mapping[str, Mapping[str, str]], domain: str, place: str) -> int:
    """How many reachable ones stand outside a failure domain."""
    return sum(up and labels.get(node, {}).get(domain) != place for node, up in members.reachable.items())


def _labels(facts: Facts, plan: Plan) -> dict[str, Mapping[str, str]]:
    """Labels by member; those of hosts that join are what the plan itself gives them."""
    labels: dict[str, Mapping[str, str]] = {node.id: node.labels for node in (facts.swarm.nodes if facts.swarm else ())}
    for step in plan.steps:
        host, given = getattr(step.operation, "host", ""), getattr(step.operation, "labels", None)
        if host and given:
            labels[newcomer(host)] = dict(given)
    return labels


def _busy(facts: Facts, new: set[str]) -> list[str]:
    """New managers that run tasks, where managers otherwise run none."""
    swarm = facts.swarm
    if swarm is None or any(swarm.tasks.get(manager.id, 0) for manager in swarm.managers):
        return []
    running = {node.name: swarm.tasks[node.id] for node in swarm.nodes if node.id in new and swarm.tasks.get(node.id)}
    if not running:
        return []
    told = listed(f"{tick(name)} runs {tasks} task{'' if tasks == 1 else 's'}" for name, tasks in running.items())
    return [f"{told}; managers of {facts.name} otherwise run none"]
