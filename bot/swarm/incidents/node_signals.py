"""Signals about one node or host: down, unreachable in Raft, its engine stopped, no answer over SSH. Pure."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from bot.blocks import plain_line, tick
from bot.model import ClusterFacts, Facts, HostFacts, NodeFacts
from bot.model.incident import WatchState
from bot.model.observation import Signal
from bot.swarm.health.health import failed_member_issue, node_issues
from bot.swarm.health.issues import check_step, is_split_off
from bot.swarm.health.missing_managers import is_former_manager, may_rejoin, missing_manager_issue
from bot.swarm.incidents.grouping import HOSTS, NODES
from bot.swarm.incidents.lost_tasks import MAX_REASON_CHARS, lost_tasks_lines
from bot.swarm.incidents.partial_observation import UNSEEN, PartialObservation, key_of
from bot.swarm.incidents.watch_state import LATE_HOLDS_S, held_signals
from bot.swarm.reading.host_membership import failed_record, swarm_error_text
from bot.swarm.reading.node_lookup import replacement_of
from bot.text.mrkdwn import one_line

UNKNOWN_HOLDS_S: Final = 30.0
"""After an election every node is ``unknown`` for seconds, and a dead leader for 30 s.

Source: docs/swarm-behaviour.md#managers-and-raft.
"""
NOT_IN_RAFT_HOLDS_S: Final = 30.0
"""How long a signal must hold: a promoted node serves as a manager only a second later."""
REJOIN_HOLDS_S: Final = 90.0
"""After a recovery lost managers are members again 32 to 90 s after their return (docs/swarm-behaviour.md#recovery)."""
SILENT_HOLDS_S: Final = 10.0
ENGINE_HOLDS_S: Final = 5.0
"""How long a signal must hold: a restart of Docker takes some seconds."""


def node_signals(before: WatchState, facts: Facts, swarm: ClusterFacts) -> PartialObservation:
    """Return what the managers say of each node. ``swarm`` must be of a cluster with a quorum.

    A former manager whose record a recovery left is reported as down only if it was down before.
    """
    signals: list[Signal] = []
    known = {signal.key for signal in held_signals(before)}
    well: dict[str, str] = {}
    for node in swarm.nodes:
        if replacement_of(swarm, node):  # an old record: a signal of its own
            joined = f"{tick(node.name)} joined again"
            well |= {key_of("node down", node.id): joined, key_of("manager unreachable", node.id): joined}
            continue
        if is_former_manager(node):
            signals += [_down(facts, swarm, node)] if key_of("node down", node.id) in known else []
            well[key_of("manager unreachable", node.id)] = f"{tick(node.name)} is not a manager any more"
            continue
        if node.state == "ready":
            well[key_of("node down", node.id)] = f"{tick(node.name)} is ready again"
        else:
            signals.append(_down(facts, swarm, node))
        if node.role != "manager" or node.reachability == "reachable":
            well[key_of("manager unreachable", node.id)] = f"{tick(node.name)} is reachable again"
        else:
            signals.append(_unreachable(facts, node))
    return PartialObservation(tuple(signals), NODES, well=MappingProxyType(well))


def host_signals(facts: Facts, swarm: ClusterFacts | None) -> PartialObservation:
    """Return which hosts do not respond. The facts must have been read with all hosts.

    ``swarm``: if it has a quorum.
    """
    signals: list[Signal] = []
    unread: set[str] = set()
    well: dict[str, str] = {key_of("host silent", ""): f"Swarmbot reaches the managers of {facts.name} again"}
    for host in facts.hosts.values():
        silent, stopped = key_of("host silent", host.name), key_of("engine stopped", host.name)
        failure = host.failure
        if failure is None or failure.answers_over_ssh:
            well[silent] = f"{tick(host.name)} answers over SSH again"
        if failure is None:
            well[stopped] = f"the engine of {tick(host.name)} answers again"
        elif failure.answers_over_ssh:
            signals.append(_stopped(facts, swarm, host))
        elif host.awaited:
            unread |= {silent, stopped}
        else:
            unread.add(stopped)
            signals.append(_silent(facts, swarm, host))
    return PartialObservation(tuple(signals), HOSTS, frozenset(unread), MappingProxyType(well))


def _down(facts: Facts, swarm: ClusterFacts, node: NodeFacts) -> Signal:
    role = "former manager" if is_former_manager(node) else node.role
    text = f"{tick(node.name or node.id)} ({role}) is {node.state}"
    if node.state != "down":
        text = f"the managers do not hear {tick(node.name or node.id)} ({role}): its state is {node.state}"
    told, fixes = _issues(facts, node)
    fix = ""
    if locked := _locked(facts, node):
        text, fix = locked
        fixes = (tick(f"/swarm {fix}"),)
    elif failed := _failed(facts, node):
        text, advice = failed
        fixes = (advice,)
    elif fixes and node.role == "worker":
        fixes = (*fixes, f"if it is permanently lost: `/swarm remove {_typed(node)}`")
    drained = node.availability == "drain" and node.role == "worker"
    return Signal(
        "node down",
        node.name,
        "warning" if drained or is_former_manager(node) else "critical",
        text,
        facts.at,
        subject_id=node.id,
        fix=fix,
        advice=" · ".join(fixes),
        lines=told,
        calm=lost_tasks_lines(facts, swarm, node),
        nodes=(node.id,),
        hosts=_hosts(node),
        holds_s=0.0 if node.state == "down" else UNKNOWN_HOLDS_S,
    )


def _unreachable(facts: Facts, node: NodeFacts) -> Signal:
    told, fixes = _issues(facts, node)
    text = f"{tick(node.name or node.id)} (manager) is unreachable for the other managers"
    fix, advice = "", " · ".join(fixes)
    if not node.reachability:
        text = f"{tick(node.name or node.id)} (manager) is not a member of Raft"
    if rejoins := may_rejoin(facts, node):
        text, told = f"{text}; its engine runs, and it may rejoin by itself", ()
    if locked := _locked(facts, node):
        text, fix = locked
        advice = tick(f"/swarm {fix}")
    elif failed := _failed(facts, node):
        text, advice = failed
    return Signal(
        "manager unreachable",
        node.name,
        "critical",
        text,
        facts.at,
        subject_id=node.id,
        fix=fix,
        advice=advice,
        lines=told,
        nodes=(node.id,),
        hosts=_hosts(node),
        holds_s=0.0 if node.reachability else REJOIN_HOLDS_S if rejoins else NOT_IN_RAFT_HOLDS_S,
    )


def _locked(facts: Facts, node: NodeFacts) -> tuple[str, str] | None:
    """Return that a node's engine waits for the unlock key, and the command for it; None if it does not."""
    host = facts.hosts.get(node.host)
    if host is None or host.membership != "locked":
        return None
    text = f"{tick(node.name)} ({node.role}) is locked: its engine waits for the unlock key"
    return text, f"unlock {host.name}"


def _failed(facts: Facts, node: NodeFacts) -> tuple[str, str] | None:
    """Return that a node's engine cannot start its membership, and what to do; None if this is not seen."""
    host = facts.hosts.get(node.host)
    if host is None or failed_record(facts, host) != node:
        return None
    reason = plain_line(swarm_error_text(host), MAX_REASON_CHARS)
    text = f"the engine of {tick(node.name)} ({node.role}) cannot start its membership: {reason}"
    return text, failed_member_issue(facts, host).fix


def _issues(facts: Facts, node: NodeFacts) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return details of a node that is not well, and what to do."""
    issues = node_issues(facts, node)
    fixes = [issue.advice for issue in issues if issue.advice]
    host = facts.hosts.get(node.host)
    if host is not None and host.failure is not None:
        late = host.failure.is_late and not is_former_manager(node)
        return (one_line(host.failure.happened),), (_until_it_answers(host),) if late else tuple(fixes)
    if host is not None and node.role == "manager" and not node.ready and is_split_off(facts, host):
        fixes = [split_off_advice(facts, host)]
    return tuple(one_line(issue.text) for issue in issues), tuple(fixes)


def split_off_advice(facts: Facts, host: HostFacts) -> str:
    """Return what to do about a host that works as a manager and that the others do not hear."""
    right = tick(facts.swarm.read_from if facts.swarm else "")
    leave = (
        f"if both still work in a minute and the side of {right} is the right one: `/swarm leave {host.name} --force`"
    )
    return f"{check_step(host.name, 'the other managers')}; {leave}"


def _stopped(facts: Facts, swarm: ClusterFacts | None, host: HostFacts) -> Signal:
    failure = host.failure
    assert failure  # noqa: S101 - tells mypy what the caller has checked
    stopped = failure.problem in {"docker stopped", "no docker"}
    what = "is stopped" if stopped else "cannot be used"
    node = _node_of(swarm, host)
    return Signal(
        "engine stopped",
        host.name,
        "critical" if node else "warning",
        f"the engine of {tick(host.name)} {what}; the host answers over SSH",
        facts.at,
        advice=_of_former_manager(facts, node) or _named(failure.next_step, host),
        lines=(one_line(failure.happened),),
        nodes=(node.id,) if node else (),
        hosts=(host.name,),
        holds_s=ENGINE_HOLDS_S if stopped else SILENT_HOLDS_S,
    )


def _silent(facts: Facts, swarm: ClusterFacts | None, host: HostFacts) -> Signal:
    failure = host.failure
    assert failure  # noqa: S101 - tells mypy what the caller has checked
    node = _node_of(swarm, host)
    lines, advice = [one_line(failure.happened)], _named(failure.next_step, host)
    what = f"Swarmbot does not reach {tick(host.name)} over SSH"
    if failure.is_late:  # its engine may hang
        what = f"{tick(host.name)} does not answer Swarmbot in time"
        advice = _until_it_answers(host)
    if node is not None and node.role == "manager" and node.reachability == "unreachable":
        text = f"{what}; it is unreachable for the other managers"
    elif node is not None and node.state == "ready":
        text = f"{what}; the managers see it as ready"
        lines.append("The managers hear its engine, so its tasks run as far as they know. Swarmbot cannot check this.")
    elif swarm is None:
        text = f"{what}{UNSEEN}"
    else:
        state = f"it is {node.state} for the managers" if node else f"it is not a known node of {facts.name}"
        text = f"{what}; {state}"
        advice = advice if node else f"bring {tick(host.name)} back, or remove it from swarmbot.yml"
    if host.reach_from_managers == "open":
        lines.append(f"A manager connects to port 2377 of {tick(host.name)}: the host is up.")
    return Signal(
        "host silent",
        host.name,
        "warning",
        text,
        facts.at,
        advice=_of_former_manager(facts, node) or advice,
        lines=tuple(lines),
        nodes=(node.id,) if node else (),
        hosts=(host.name,),
        holds_s=LATE_HOLDS_S if failure.is_late else SILENT_HOLDS_S,
    )


def _of_former_manager(facts: Facts, node: NodeFacts | None) -> str:
    """Return what to do about a silent host that is a former manager, as `status` says it; "" if it is not one."""
    if node is None or not is_former_manager(node):
        return ""
    return missing_manager_issue(facts, node).advice


def _named(step: str, host: HostFacts) -> str:
    """Return what to do about a host, with its name in place of "it": a message may be about several hosts."""
    name = tick(host.name)
    return (
        step.replace("the machine is on", f"{name} is on")
        .replace(" on it,", f" on {name},")
        .replace(" on it.", f" on {name}.")
    )


def _until_it_answers(host: HostFacts) -> str:
    """Return what to do about a host that answers too late."""
    return f"check that {tick(host.name)} is on and not overloaded"


def _node_of(swarm: ClusterFacts | None, host: HostFacts) -> NodeFacts | None:
    """Return the node that a host is which does not answer: the one that its address or host name was matched to."""
    return next((node for node in swarm.nodes if node.host == host.name), None) if swarm else None


def _hosts(node: NodeFacts) -> tuple[str, ...]:
    return (node.host,) if node.host else ()


def _typed(node: NodeFacts) -> str:
    return node.host or node.id
