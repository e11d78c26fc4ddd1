"""The signal that a cluster has a quorum and tolerates no failure, and which managers it lacks. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts, RaftMembers
from bot.model.incident import WatchState
from bot.model.observation import Signal, SignalKind
from bot.swarm.health.health import manager_issues
from bot.swarm.health.issues import quorum_issues
from bot.swarm.health.missing_managers import may_rejoin
from bot.swarm.health.next_steps import fixes
from bot.swarm.incidents.partial_observation import typable
from bot.swarm.incidents.watch_state import held_signals
from bot.swarm.quorum import Quorum, managers_text, quorum_of, quorum_text, raft_members, reported_quorum
from bot.swarm.quorum.advice import member_names, strengthening_step
from bot.swarm.reading.node_lookup import replacement_of
from bot.text.suggest import listed

INFERRED_HOLDS_S: Final = 10.0
"""How long a loss must hold that follows from silent hosts, and that no engine reports."""
LATE_HOLDS_S: Final = 30.0
"""How long a loss must hold if a host only responds too late: engines hang for about 10 s when they have lost their
leader."""
LOSSES: Final[frozenset[SignalKind]] = frozenset({"quorum lost", "quorum at risk"})


def at_risk(before: WatchState, facts: Facts, swarm: ClusterFacts) -> list[Signal]:
    """Return that one more failure loses the quorum, if a manager is missing; [] otherwise.

    After a lost quorum, managers that Raft no longer counts are missing too: a forced cluster has one member.
    """
    members = raft_members(facts)
    quorum = quorum_of(members)
    if quorum.tolerates != 0:
        return []
    if former := _former(before, swarm):
        return [_without_former(facts, swarm, quorum, former)]
    if quorum.managers == 1 or (quorum.reachable == quorum.managers and quorum.cut == 0):
        return []
    missing = [node for node in swarm.managers if members.reachable.get(node.id) is False]
    unsure = any(node.host in facts.hosts and may_be_up(facts.hosts[node.host]) for node in missing)
    inferred_s = LATE_HOLDS_S if unsure else INFERRED_HOLDS_S
    holds_s = 0.0 if reported_quorum(swarm).tolerates == 0 else inferred_s
    return [_signal(facts, quorum, missing, _strengthening(facts, members), holds_s=holds_s)]


def back_text(facts: Facts, swarm: ClusterFacts) -> str:
    """Return that a lost quorum is back, with the managers that are missing; if none are missing, with what to do."""
    quorum, missing = quorum_of(raft_members(facts)), _still_missing(facts, swarm)
    text = f"{facts.name} has a quorum again: {quorum_text(quorum)}{missing}"
    steps = typable(fixes(quorum_issues(facts, swarm))) if quorum.tolerates == 0 and not missing else []
    return f"{text}. Next: {' · '.join(steps)}" if steps else text


def may_be_up(host: HostFacts) -> bool:
    """Return whether a missing manager may still run: it only responds too late, or reports no loss."""
    return host.can_read_cluster if host.failure is None else host.failure.is_late


def _former(before: WatchState, swarm: ClusterFacts) -> list[NodeFacts]:
    """Return the managers that Raft does not count, if the quorum was lost and the cluster tolerates no failure since.

    Otherwise this kind of record says nothing: a join that failed leaves one too.
    """
    if all(signal.kind not in LOSSES for signal in held_signals(before)):
        return []
    return [node for node in swarm.managers if not node.reachability and not replacement_of(swarm, node)]


def _without_former(facts: Facts, swarm: ClusterFacts, quorum: Quorum, former: list[NodeFacts]) -> Signal:
    advice = " · ".join(typable(fixes(manager_issues(facts, swarm))))
    return _signal(facts, quorum, former, advice, more=_still_missing(facts, swarm))


def _signal(
    facts: Facts, quorum: Quorum, missing: list[NodeFacts], advice: str, *, more: str = "", holds_s: float = 0.0
) -> Signal:
    return Signal(
        "quorum at risk",
        "",
        "critical",
        f"{managers_text(quorum)} of {facts.name} reachable: one more failure and it loses quorum{more}",
        facts.at,
        advice=advice,
        nodes=tuple(node.id for node in missing),
        hosts=tuple(node.host for node in missing if node.host),
        holds_s=holds_s,
    )


def _still_missing(facts: Facts, swarm: ClusterFacts) -> str:
    """Return which managers are unreachable despite a quorum, as the end of a sentence; "" if there are none."""
    reachable = raft_members(facts).reachable
    missing: dict[str, list[str]] = {}
    for node in swarm.managers:
        if not reachable.get(node.id) and not replacement_of(swarm, node):
            state = "not reachable" if node.reachability else "not in Raft"
            missing.setdefault(f"{state} yet" if may_rejoin(facts, node) else state, []).append(tick(node.name))
    return "".join(
        f"; {listed(names)} {'is' if len(names) == 1 else 'are'} {state}" for state, names in missing.items()
    )


def _strengthening(facts: Facts, members: RaftMembers) -> str:
    """Return how the cluster tolerates a failure again, without a manager to add if none can be named."""
    steps = [strengthening_step(facts, members, members, wanted=1)]
    missing = [node for node, up in members.reachable.items() if not up]
    return next(iter(typable(steps)), f"bring {listed(member_names(facts, missing))} back" if missing else "")
