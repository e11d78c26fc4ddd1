"""What to say of the managers that a plan leaves, beside their number being enough. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from types import MappingProxyType
from typing import Final

from bot.blocks import tick
from bot.model import Facts, NodeFacts, Plan, RaftMembers, Step, newcomer
from bot.swarm.quorum.arithmetic import Quorum, quorum_of
from bot.text.suggest import listed

PLENTY: Final = 7
"""Docker's documentation advises no more managers than this."""
FEW: Final = 3
"""With fewer managers there is no failure to survive, wherever they stand."""


def manager_warnings(facts: Facts, plan: Plan, before: RaftMembers, after: RaftMembers, domain: str) -> list[str]:
    """Warnings about what the plan makes of the managers: their number, where they stand, and that they run tasks.

    Only what it brings about is told, or adds to: what was so before is no matter of this plan (docs/decisions/0007).
    """
    was, becomes = _managers(facts, before), _managers(facts, after, plan.steps)
    known = _domains(before, was, domain)
    return [
        *(_number(quorum_of(after)) if becomes.keys() != was.keys() else ()),
        *(line for line in _domains(after, becomes, domain) if line not in known),
        *_busy(facts, was, becomes),
    ]


def connection_warnings(facts: Facts, members: RaftMembers) -> list[str]:
    """Who among these members does not reach whom, and of whom that was not tried."""
    cuts = [f"{pair} do not reach each other on 2377/tcp." for pair in _cuts(facts, members)]
    managers = facts.swarm.managers if facts.swarm else ()
    counted = [node.id for node in managers if members.reachable.get(node.id) and not _answers(facts, node)]
    if not counted or len(members.reachable) == 1:
        return cuts
    reach = "it reaches" if len(counted) == 1 else "they reach"
    told = (
        f"{listed(member_names(facts, counted))} could not be asked which managers {reach}: the leader's word counts."
    )
    return [*cuts, told]


def strengthening_step(facts: Facts, now: RaftMembers, then: RaftMembers, *, wanted: int) -> str:
    """What makes more managers reachable ``now``: a new one too, where ``then`` it survives ``wanted`` failures."""
    more = "`/swarm promote NODE` or `/swarm join manager HOST`"
    if missing := [node for node, up in now.reachable.items() if not up]:
        enough = quorum_of(then.joined(newcomer("NEW"))).tolerates >= wanted
        return (
            f"Bring {listed(member_names(facts, missing))} back first{f', or add a manager: {more}' if enough else ''}."
        )
    if cuts := _cuts(facts, now):
        return f"Let these reach each other on 2377/tcp first: {'; '.join(cuts)}."
    return f"Add a manager first: {more}."


def member_names(facts: Facts, nodes: Iterable[str]) -> list[str]:
    """What people call these members."""
    names = {node.id: node.name for node in (facts.swarm.nodes if facts.swarm else ())}
    return [tick(names.get(node, node)) for node in nodes]


def _cuts(facts: Facts, members: RaftMembers) -> list[str]:
    """The pairs among these members that do not reach each other."""
    up = [node for node, reachable in members.reachable.items() if reachable]
    return [" and ".join(member_names(facts, pair)) for pair in combinations(up, 2) if frozenset(pair) in members.cut]


def _answers(facts: Facts, node: NodeFacts) -> bool:
    host = facts.hosts.get(node.host)
    return host is not None and host.answers


def _number(after: Quorum) -> list[str]:
    if after.managers > PLENTY:
        return [f"{after.managers} managers make every write slower; {PLENTY} are plenty."]
    if after.managers and after.managers % 2 == 0:
        return [f"{after.managers} managers survive no more failures than {after.managers - 1}: add another."]
    return []


def _managers(facts: Facts, members: RaftMembers, steps: Sequence[Step] = ()) -> dict[str, NodeFacts]:
    """The records of these members after these steps; of hosts that are yet to join, those that they will have."""
    known = {node.id: node for node in (facts.swarm.nodes if facts.swarm else ())}
    found = {each: known.get(each) or _new(each.removeprefix(newcomer(""))) for each in members.reachable}
    for step in steps:
        found = {each: step.operation.record(node) for each, node in found.items()}
    return found


def _new(host: str) -> NodeFacts:
    return NodeFacts(newcomer(host), host, "manager", "active", "ready", 0, MappingProxyType({}), host)


def _domains(members: RaftMembers, managers: Mapping[str, NodeFacts], domain: str) -> list[str]:
    """Where the failure of one failure domain (nodes with the same value of the label ``domain``) loses the quorum.

    A manager without the label stands in none that is known. One alone in its domain is a failure like any other.
    """
    quorum = quorum_of(members)
    if quorum.managers < FEW:
        return []
    places = {each: node.labels.get(domain, "") for each, node in managers.items()}
    return [
        f"{together} of {quorum.managers} managers have {tick(f'{domain}={place}')}: without it there is no quorum."
        for place, together in sorted(Counter(filter(None, places.values())).items())
        if together > 1 and _elsewhere(members, places, place) < quorum.needed
    ]


def _elsewhere(members: RaftMembers, places: Mapping[str, str], place: str) -> int:
    """How many reachable ones stand outside a failure domain."""
    return sum(up and places[node] != place for node, up in members.reachable.items())


def _busy(facts: Facts, was: Mapping[str, NodeFacts], becomes: Mapping[str, NodeFacts]) -> list[str]:
    """New managers that run tasks; and those that begin to take some, where managers otherwise take none."""
    tasks = facts.swarm.tasks if facts.swarm else {}
    active = {each for each, node in becomes.items() if node.availability == "active"}
    running = {each: node for each, node in becomes.items() if each not in was and tasks.get(each)}
    takes = {each for each in active - running.keys() if each not in was or was[each].availability != "active"}
    told = []
    if running:
        counts = (f"{tick(node.name)} runs {_counted(tasks[each])}" for each, node in running.items())
        usual = any(tasks.get(each) for each in was)
        told.append(f"{listed(counts)}{', as a manager too' if usual else _otherwise(facts, 'run')}")
    others = becomes.keys() - running.keys() - takes
    if takes and others and not others & active:
        names = listed(tick(node.name) for each, node in becomes.items() if each in takes)
        told.append(f"{names} {'takes' if len(takes) == 1 else 'take'} tasks{_otherwise(facts, 'take')}")
    return told


def _otherwise(facts: Facts, what: str) -> str:
    return f"; managers of {facts.name} otherwise {what} none"


def _counted(tasks: int) -> str:
    return f"{tasks} task{'' if tasks == 1 else 's'}"
