"""Signals about services: tasks missing, failing again and again, or pending. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.blocks import FAILED, plain_line, tick
from bot.config.models import Severity
from bot.model import ClusterFacts, Facts, NodeFacts, ServiceFacts, TaskFacts
from bot.model.incident import WatchState
from bot.model.observation import Signal, SignalKind
from bot.swarm.incidents.grouping import SERVICES
from bot.swarm.incidents.lost_tasks import MAX_REASON_CHARS, unplaced_reason
from bot.swarm.incidents.partial_observation import PartialObservation, key_of, typable
from bot.swarm.incidents.update_signals import docker_paused, error_of, update_signals
from bot.swarm.incidents.watch_state import held_signals
from bot.swarm.reading.parse_services import CRASH_WINDOW_S, MIN_FAILURES, STEADY_S, was_replaced
from bot.swarm.services.diagnosis.diagnosis import UNPLACED, Diagnosis, Failing, Unplaced, diagnose
from bot.swarm.services.diagnosis.remedies import remedies
from bot.swarm.services.rollout.paused_rollout import PAUSE_COSTS, is_paused, pause_steps
from bot.swarm.services.rollout.rollback_advice import rollback_command
from bot.swarm.services.rollout.rollout import IN_PROGRESS, failure_text
from bot.swarm.services.service_state import count_text, missing_tasks, service_sign, wanted_tasks
from bot.swarm.services.spec.masked import masked_text
from bot.swarm.services.spec.same_spec import made_from
from bot.text.suggest import number_of, part_of

SHORT_HOLDS_S: Final = 15.0
"""How long tasks must be missing: a task that ended is restarted after 5 s unless its service says otherwise."""
MOVING_HOLDS_S: Final = 60.0
"""How long tasks must be missing after a change of the service, and during an update: Docker is at work."""
STARTING_HOLDS_S: Final = 300.0
"""How long tasks must be missing while all of them are being started: pulling an image takes minutes."""
PENDING_HOLDS_S: Final = 10.0
CHANGED_S: Final = 60.0
"""How long after a change of a service its tasks are expected to start."""
CULPRIT_S: Final = 3600.0
"""A change within this time may be the cause of failing tasks."""
MOVED_S: Final = 300.0
"""A service lacks tasks because of a node if a task of it was told to stop there since then."""
MAX_DIAGNOSED: Final = 50
"""At most this many services that lack tasks, or whose tasks fail, are diagnosed. The rest are only reported: a reading
must not take long."""
MAX_STEPS: Final = 2
MAX_HEADLINE_CHARS: Final = 80
"""How much of an error is in a headline; the thread has all of it."""
TASK_KINDS: Final = SERVICES - {"update failed"}


def needs_tasks(facts: Facts) -> bool:
    """Return whether the task list is needed to judge these facts.

    It is if a node is down, if tasks of a service are missing, or if Docker paused an update. While that is so, facts
    without the task list say nothing about tasks.
    """
    swarm = facts.swarm
    if swarm is None or swarm.task_list:
        return False
    down = any(node.state != "ready" for node in swarm.nodes)
    return down or any(missing_tasks(swarm, service) or docker_paused(service) for service in swarm.services)


def may_go_back(before: WatchState, facts: Facts) -> list[str]:
    """Return the ids of the services whose last good spec may be what to return to: paused, or in a crash loop."""
    if facts.swarm is None:
        return []
    looping = _known_loops(before)
    return [
        service.id
        for service in facts.swarm.services
        if service.id in looping or docker_paused(service) or is_paused(service.spec)
    ]


def _known_loops(before: WatchState) -> set[str]:
    """Return the ids of the services whose tasks failed again and again when that was last seen."""
    return {each.subject_id for each in held_signals(before) if each.kind == "tasks failing"}


def service_signals(before: WatchState, facts: Facts, swarm: ClusterFacts) -> PartialObservation:
    """Return what is wrong with services. ``swarm`` must be of a cluster with a quorum, and read with services.

    Without the task list, nothing is said of tasks if it is needed. Failures of tasks are only seen in it.
    """
    signals: list[Signal] = []
    unread: set[str] = set()
    diagnosed = 0
    well: dict[str, str] = {}
    tasks: dict[str, list[TaskFacts]] = {}
    for task in swarm.task_list:
        tasks.setdefault(task.service, []).append(task)
    judged = not needs_tasks(facts)
    for service in swarm.services:
        well |= _well(swarm, service)
        signals += update_signals(before, facts, swarm, service, tasks.get(service.id, ()))
        if not judged or not _is_suspect(facts, swarm, service, tasks.get(service.id, ())):
            continue
        diagnosed += 1
        if diagnosed > MAX_DIAGNOSED:
            unread |= {key_of("tasks failing", service.id), key_of("tasks pending", service.id)}
        own = tasks.get(service.id, []) if diagnosed <= MAX_DIAGNOSED else []
        signals += _of_tasks(facts, swarm, service, own)
    if not swarm.task_list:  # a task of a crash loop may run just now
        unread |= {key_of("service short of tasks", service) for service in _known_loops(before)}
    read: set[SignalKind] = {"update failed"}
    if judged:
        read |= TASK_KINDS if swarm.task_list else TASK_KINDS - {"tasks failing"}
    return PartialObservation(tuple(signals), frozenset(read), frozenset(unread), MappingProxyType(well))


def _well(swarm: ClusterFacts, service: ServiceFacts) -> Mapping[str, str]:
    counts, short = f"{tick(service.name)}: {count_text(swarm, service)}", _is_short(swarm, service)
    texts: dict[SignalKind, str] = {
        "service short of tasks": counts,
        "tasks failing": f"{counts}, and none fails again and again" if short else counts,
        "tasks pending": f"no task of {tick(service.name)} is pending" if short else counts,
        "update failed": f"Swarmbot has paused the rollout of {tick(service.name)}"
        if is_paused(service.spec)
        else f"the update of {tick(service.name)} is no longer paused",
    }
    return {key_of(kind, service.id): text for kind, text in texts.items()}


def _is_suspect(facts: Facts, swarm: ClusterFacts, service: ServiceFacts, tasks: Iterable[TaskFacts]) -> bool:
    """Return whether a service lacks tasks, or one of them failed recently or waits for a node."""
    oldest = facts.cluster_time - CRASH_WINDOW_S
    return _is_short(swarm, service) or any(
        (task.failed and task.since > oldest) or (task.wanted and task.state in UNPLACED) for task in tasks
    )


def _is_short(swarm: ClusterFacts, service: ServiceFacts) -> bool:
    return service_sign(swarm, service) == FAILED and not service.is_job


def _of_tasks(facts: Facts, swarm: ClusterFacts, service: ServiceFacts, tasks: list[TaskFacts]) -> list[Signal]:
    found = diagnose(facts, swarm, service) if tasks else None
    failing = found.failing if found else ()
    looping = [each for each in failing if _loops(service, each, tasks, facts.cluster_time)]
    if found and looping:
        return _of_crash_loop(facts, swarm, service, found, looping)
    signals = [_short(facts, swarm, service, tasks, found)] if _is_short(swarm, service) else []
    signals += [_pending(facts, swarm, service, found)] if found and found.unplaced else []
    return signals


def _of_crash_loop(
    facts: Facts, swarm: ClusterFacts, service: ServiceFacts, diagnosis: Diagnosis, looping: list[Failing]
) -> list[Signal]:
    """Return the signal. It does not depend on whether a task that will fail runs now, starts, or has no node yet."""
    places = {each.last.place for each in looping}
    tasks = swarm.tasks_of(service.id)
    well = [task for task in tasks if task.wanted and task.state == "running" and task.place not in places]
    severity: Severity = "warning" if well else "critical"
    signals = []
    wanted = wanted_tasks(swarm, service)
    if not service.is_job and len(well) < wanted:
        what = "node" if service.is_global else "replica"
        text = f"{tick(service.name)}: {part_of(len(well), wanted, what)} running without failing"
        short = _short(facts, swarm, service, tasks, diagnosis)
        signals.append(replace(short, severity=severity, text=text))
    signals.append(replace(_failing(facts, swarm, service, diagnosis, looping), severity=severity))
    waiting = [
        group
        for group in diagnosis.unplaced
        if group.said or not group.taker or not places.issuperset(task.place for task in group.tasks)
    ]
    if waiting:
        signals.append(_pending(facts, swarm, service, replace(diagnosis, unplaced=tuple(waiting))))
    return signals


def _short(
    facts: Facts, swarm: ClusterFacts, service: ServiceFacts, tasks: list[TaskFacts], diagnosis: Diagnosis | None
) -> Signal:
    paused = is_paused(service.spec)
    parts = [
        count_text(swarm, service),
        *_being_started(diagnosis),
        *(["and Swarmbot has paused its rollout"] * paused),
    ]
    why = f"{tick(service.name)}: {plain_line(masked_text(service.complaint), MAX_REASON_CHARS)}"
    nodes = dict.fromkeys(task.node for task in tasks if _moved(facts, swarm, task))
    return Signal(
        "service short of tasks",
        service.name,
        "warning" if service.running else "critical",
        f"{tick(service.name)}: {', '.join(parts)}",
        facts.at,
        subject_id=service.id,
        advice=_advice(facts, swarm, service, diagnosis),
        lines=(PAUSE_COSTS,) if paused else (why,) if service.complaint else (),
        nodes=tuple(nodes),
        hosts=_hosts(swarm, nodes),
        holds_s=_patience(facts, swarm, service, diagnosis),
    )


def _being_started(diagnosis: Diagnosis | None) -> list[str]:
    """Return how many tasks are on their way: "2 starting"."""
    return [f"{len(diagnosis.starting)} starting"] if diagnosis and diagnosis.starting else []


def _moved(facts: Facts, swarm: ClusterFacts, task: TaskFacts) -> bool:
    """Return whether a task does not run on its node any more: the service lacks tasks because of the node."""
    node = swarm.node(task.node) if task.node else None
    if node is None:
        return False
    if not task.ended:
        return not task.wanted or node.state != "ready"
    return not task.wanted and facts.cluster_time - task.since < MOVED_S


def _patience(facts: Facts, swarm: ClusterFacts, service: ServiceFacts, diagnosis: Diagnosis | None) -> float:
    """Return how long tasks may be missing. Docker is at work after a change, and while it starts tasks."""
    failing = bool(diagnosis and (diagnosis.failing or diagnosis.unplaced))
    if diagnosis and not failing and len(diagnosis.starting) >= missing_tasks(swarm, service):
        return STARTING_HOLDS_S
    changing = service.update is not None and service.update.state in IN_PROGRESS
    fresh = facts.cluster_time - max(service.updated, service.created) < CHANGED_S
    return MOVING_HOLDS_S if (changing or fresh) and not failing else SHORT_HOLDS_S


def _loops(service: ServiceFacts, each: Failing, tasks: Iterable[TaskFacts], now: float) -> bool:
    """Return whether tasks of a slot fail again and again with the spec of now, and no successor has run for long."""
    own = [task for task in tasks if task.place == each.last.place]
    failed = [
        task
        for task in own
        if task.failed
        and now - task.since < CRASH_WINDOW_S
        and made_from(task, service)
        and not was_replaced(task, own)
    ]
    steady = each.now is not None and each.now.state == "running" and now - each.now.since >= STEADY_S
    return len(failed) >= MIN_FAILURES and not steady


def _failing(
    facts: Facts, swarm: ClusterFacts, service: ServiceFacts, diagnosis: Diagnosis, looping: list[Failing]
) -> Signal:
    last = max((each.last for each in looping), key=lambda task: task.since)
    error = plain_line(error_of(last), MAX_HEADLINE_CHARS)
    nodes = dict.fromkeys(each.last.node for each in looping if each.last.node)
    return Signal(
        "tasks failing",
        service.name,
        "warning" if service.running else "critical",
        f"tasks of {tick(service.name)} fail again and again: {error}",
        facts.at,
        subject_id=service.id,
        fix=_way_back(facts, swarm, service),
        advice=_advice(facts, swarm, service, diagnosis),
        lines=tuple(
            failure_text(swarm, service, replace(each.last, error=masked_text(each.last.error))) for each in looping
        ),
        nodes=tuple(nodes),
        hosts=_hosts(swarm, nodes),
    )


def _way_back(facts: Facts, swarm: ClusterFacts, service: ServiceFacts) -> str:
    """Return the command that undoes a recent change after which tasks fail; "" if there was none."""
    fresh = facts.cluster_time - service.updated < CULPRIT_S and not is_paused(service.spec)
    return rollback_command(facts, swarm, service) if fresh else ""


def _pending(facts: Facts, swarm: ClusterFacts, service: ServiceFacts, diagnosis: Diagnosis) -> Signal:
    groups = sorted(diagnosis.unplaced, key=lambda group: (-len(group.tasks), group.said))
    count = sum(len(group.tasks) for group in groups)
    reasons = [unplaced_reason(group.said, group.verdicts) for group in groups]
    waits_for = dict.fromkeys(node.id for group in groups for node in _only_down(group))
    pending = {task.place for group in groups for task in group.tasks}
    left = [task.node for task in swarm.tasks_of(service.id) if task.place in pending and _moved(facts, swarm, task)]
    nodes = {**waits_for, **dict.fromkeys(left)}
    return Signal(
        "tasks pending",
        service.name,
        "warning",
        f"{number_of(count, 'task')} of {tick(service.name)} pending: {reasons[0]}",
        facts.at,
        subject_id=service.id,
        advice=_advice(facts, swarm, service, diagnosis),
        lines=tuple(
            f"{number_of(len(group.tasks), 'task')}: {why}" for group, why in zip(groups[1:], reasons[1:], strict=True)
        ),
        nodes=tuple(nodes),
        hosts=_hosts(swarm, nodes),
        holds_s=PENDING_HOLDS_S,
    )


def _only_down(group: Unplaced) -> list[NodeFacts]:
    """Return the nodes that would take the tasks if they were ready, if no ready node takes them."""
    if group.taker:
        return []
    return [
        verdict.node
        for verdict in group.verdicts
        if verdict.node.state != "ready" and {each.filter for each in verdict.refused} == {"available"}
    ]


def _advice(facts: Facts, swarm: ClusterFacts, service: ServiceFacts, diagnosis: Diagnosis | None) -> str:
    if is_paused(service.spec):
        return pause_steps(facts, service)
    steps = typable(remedies(swarm, service, diagnosis))[:MAX_STEPS] if diagnosis else []
    return " · ".join(steps) or f"`/swarm why {service.name}` says why"


def _hosts(swarm: ClusterFacts, nodes: Iterable[str]) -> tuple[str, ...]:
    named = (swarm.node(node) for node in nodes)
    return tuple(dict.fromkeys(node.host for node in named if node and node.host))
