"""Signals about the managers as a whole: quorum lost or at risk, no leader, a new leader. Pure.

Engines still respond from memory for up to 28 s after the quorum is lost (docs/swarm-behaviour.md#managers-and-raft):
what a manager says of the cluster is trusted only if enough managers for a quorum are not seen to be down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from bot.blocks import tick
from bot.model import ClusterFacts, Facts, NodeFacts, ip_of
from bot.model.incident import WatchState
from bot.model.observation import Signal, SignalKind
from bot.swarm.health.issues import Issue, leaderless_issue, lost_quorum_issue, no_leader_text, unsure_leader_issue
from bot.swarm.health.lost_quorum import OldManager, old_managers, quorum_among, running_tasks_text, stopped_swarms
from bot.swarm.incidents.leadership import new_leader
from bot.swarm.incidents.partial_observation import PartialObservation
from bot.swarm.incidents.quorum_at_risk import INFERRED_HOLDS_S, LATE_HOLDS_S, at_risk, back_text, may_be_up
from bot.swarm.incidents.watch_state import held_signals
from bot.swarm.quorum import Quorum, managers_text, quorum_counts, quorum_of, quorum_text, raft_members, reported_quorum
from bot.swarm.quorum.lost_managers import missing_managers

LEADERLESS_HOLDS_S: Final = 20.0
"""An election takes 10 to 13 s after the leader's power was cut."""


def is_trusted(facts: Facts) -> bool:
    """Return whether a manager was read that has a quorum, as far as the hosts show."""
    return facts.swarm is not None and quorum_of(raft_members(facts)).tolerates >= 0


def quorum_signals(before: WatchState, facts: Facts) -> PartialObservation:
    """Return what the managers and their hosts show of the quorum."""
    if facts.swarm is not None and is_trusted(facts):
        return _with_quorum(before, facts, facts.swarm)
    if facts.swarm is not None:
        return _read_loss(before, facts, facts.swarm)
    return _unread(before, facts)


def quorum_held(facts: Facts) -> str:
    """Return the state of the quorum in words; "" if it was not read."""
    return f"quorum holds: {quorum_text(quorum_of(raft_members(facts)))}" if is_trusted(facts) else ""


def _with_quorum(before: WatchState, facts: Facts, swarm: ClusterFacts) -> PartialObservation:
    well = {
        "quorum lost:": back_text(facts, swarm),
        "quorum at risk:": quorum_text(quorum_of(raft_members(facts))),
    }
    read: set[SignalKind] = {"quorum lost", "quorum at risk"}
    if swarm.leader is not None:
        read.add("leader changed")
        well["leader changed:"] = f"{tick(swarm.leader.name)} leads {facts.name}"
    return PartialObservation(
        (*at_risk(before, facts, swarm), *new_leader(before, facts, swarm)), frozenset(read), well=well
    )


@dataclass(frozen=True, slots=True)
class _Loss:
    """A loss of the quorum."""

    quorum: Quorum
    issue: Issue
    missing: tuple[str, ...]
    """Names of the managers that do not respond."""
    nodes: tuple[str, ...]
    holds_s: float


def _lost(before: WatchState, facts: Facts, loss: _Loss) -> PartialObservation:
    signal = Signal(
        "quorum lost",
        "",
        "critical",
        f"{facts.name} has no quorum: {quorum_counts(loss.quorum)}",
        facts.at,
        advice=loss.issue.fix,
        lines=(loss.issue.text, *map(no_leader_text, stopped_swarms(facts))),
        calm=(running_tasks_text(facts),),
        nodes=loss.nodes,
        hosts=tuple(name for name in loss.missing if name in facts.hosts),
        holds_s=loss.holds_s,
    )
    read: set[SignalKind] = {"quorum lost"}
    if not _told_leaderless(before):  # what was reported continues until there is a leader
        read.add("leader changed")
    return PartialObservation((signal,), frozenset(read))


def _told_leaderless(before: WatchState) -> bool:
    """Return whether an open incident says that there is no leader."""
    tracked = (each for incident in before.incidents if incident.open for each in incident.tracked)
    return any(each.signal.key == "leader changed:" and not each.over_at for each in tracked)


def _read_loss(before: WatchState, facts: Facts, swarm: ClusterFacts) -> PartialObservation:
    """Return what the hosts show while a manager still answers, maybe from memory.

    If enough managers may be running, their loss is not reported: a manager without a quorum stops responding by
    itself.
    """
    members = raft_members(facts)
    quorum = quorum_of(members)
    missing = [node for node in swarm.managers if members.reachable.get(node.id) is False]
    gone = [node for node in missing if _is_gone(facts, node)]
    reports_loss = reported_quorum(swarm).tolerates < 0 or _reports_loss(facts)
    if quorum.reachable + len(missing) - len(gone) >= quorum.needed:
        unsure = [node.name for node in missing if node not in gone and not _responds(facts, node)]
        working = [node.name for node in swarm.managers if node.reachability and _responds(facts, node)]
        return PartialObservation((_leaderless(before, facts, quorum, working, unsure),) if reports_loss else ())
    lost = {*missing_managers(facts, swarm)[1]}
    names = [node.name for node in gone]
    lost_names = [name for node in gone if (name := node.host or ip_of(node.raft_address)) in lost]
    issue = lost_quorum_issue(quorum, names, lost_names)
    holds_s = 0.0 if reports_loss else INFERRED_HOLDS_S
    return _lost(before, facts, _Loss(quorum, issue, tuple(names), tuple(node.id for node in missing), holds_s))


def _responds(facts: Facts, node: NodeFacts) -> bool:
    host = facts.hosts.get(node.host)
    return host is not None and host.responds and host.is_manager


def _is_gone(facts: Facts, node: NodeFacts) -> bool:
    """Return whether a missing manager was seen not to run. For the others that is unknown."""
    host = facts.hosts.get(node.host)
    if host is None or host.failure is None:
        return not _responds(facts, node)  # not in swarmbot.yml, locked, or in no cluster any more
    return host.failure.shows_no_engine


def _unread(before: WatchState, facts: Facts) -> PartialObservation:
    """Return what the hosts show if no manager could be read."""
    olds = old_managers(facts)
    quorum = quorum_among(olds)
    working = [old for old in olds if old.state == "member"]
    if not olds or not (working or _stopped_too_many(olds)):
        return _blind(facts, olds)
    names = [old.name for old in working if old.host not in stopped_swarms(facts)]
    unsure = [old.name for old in olds if old.missing and not old.gone]
    if quorum.reachable + len(unsure) >= quorum.needed:
        missing_few = quorum.tolerates >= 0
        return PartialObservation((_leaderless(before, facts, quorum, names, [] if missing_few else unsure),))
    gone = [old for old in olds if old.gone]
    lost = [old.name for old in gone if old.state == "unreachable" and not old.up]
    locked = [old for old in working if old.host and old.host.membership == "locked"]
    stopped = [old.name for old in working if old.name not in names and old not in locked]
    unlocked = replace(quorum, reachable=quorum.reachable + len(locked) + len(stopped))
    unlock = [f"`/swarm unlock {old.name}`" for old in locked]
    unlock += [f"run `systemctl restart docker` on `{name}`" for name in stopped]
    missing = [old.name for old in gone]
    issue = lost_quorum_issue(unlocked, missing, lost, unlock)
    if unlocked.tolerates >= 0:
        issue = replace(issue, fix=", ".join(unlock))
    reports_loss = _reports_loss(facts) or _stopped_too_many(olds) or bool(locked)
    holds_s = 0.0 if reports_loss else INFERRED_HOLDS_S
    return _lost(before, facts, _Loss(quorum, issue, tuple(missing), (), holds_s))


def _leaderless(
    before: WatchState, facts: Facts, quorum: Quorum, names: Sequence[str], unsure: Sequence[str]
) -> Signal:
    """Return that none of the managers leads; the loss of the quorum if that was seen before.

    ``names`` respond; ``unsure`` may be running, and are needed for a quorum.
    """
    was_lost = any(signal.kind == "quorum lost" for signal in held_signals(before))
    responding = managers_text(replace(quorum, reachable=len(names)))
    issue = unsure_leader_issue(names, unsure) if unsure else leaderless_issue([*names])
    return Signal(
        "quorum lost" if was_lost else "leader changed",
        "",
        "critical",
        f"{facts.name} has no {'quorum yet' if was_lost else 'leader'}: {responding} respond, "
        f"{'an election may be in progress' if unsure else 'and none leads'}",
        facts.at,
        advice=issue.fix,
        lines=(issue.text,),
        calm=(running_tasks_text(facts),),
        holds_s=LATE_HOLDS_S if unsure else LEADERLESS_HOLDS_S,
    )


def _reports_loss(facts: Facts) -> bool:
    """Return whether the engine of a manager reports that it has no leader."""
    return any(host.responds and host.is_manager and host.swarm_error for host in facts.hosts.values())


def _stopped_too_many(olds: Iterable[OldManager]) -> bool:
    """Return whether too many managers were seen to be stopped, or to have left, for a quorum."""
    olds = list(olds)
    down = sum((old.up and old.gone) or old.state in {"left", "stopped", "held off"} for old in olds)
    return bool(olds) and len(olds) - down < Quorum(len(olds), 0).needed


def _blind(facts: Facts, olds: Iterable[OldManager]) -> PartialObservation:
    """Return that no manager answers, if hosts are silent: whether there is a quorum is unknown then."""
    olds = list(olds)
    silent = [host.name for host in facts.hosts.values() if host.failure and not host.awaited]
    whole = len(silent) == len(facts.hosts)
    if not silent or not (whole or olds):
        return PartialObservation()
    what = f"none of the {len(facts.hosts)} hosts of {facts.name}" if whole else f"no manager of {facts.name}"
    names = {old.name for old in olds} | set(silent)
    late = any(may_be_up(facts.hosts[name]) for name in silent)
    advice = "check the network between Swarmbot and the hosts"
    if late and not whole:  # the network works
        again = "`/swarm status` again in 30 s: an election may be in progress"
        advice = f"{again}. If nothing has changed: look at Docker's log on the managers"
    signal = Signal(
        "host silent",
        "",
        "critical",
        f"{what} answers in time" if late else f"Swarmbot reaches {what}",
        facts.at,
        advice=advice,
        lines=("Whether the cluster has a quorum and runs its tasks is unknown.",),
        hosts=tuple(name for name in facts.hosts if name in names),
        holds_s=LATE_HOLDS_S if late else INFERRED_HOLDS_S,
    )
    return PartialObservation((signal,))
