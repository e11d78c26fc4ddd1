"""The tasks that a node ran when it went down, and where their successors are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from bot.blocks import plain_line, tick
from bot.model import ClusterFacts, Facts, NodeFacts, ServiceFacts, TaskFacts
from bot.swarm.services.diagnosis.diagnosis import UNPLACED, diagnose, nodes_by_obstacle
from bot.swarm.services.placement.scheduling import Verdict
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.spec.masked import masked_text
from bot.text.suggest import listed, number_of

MAX_REASONS = 2
MAX_NODES = 3
MAX_DOWN = 5
MAX_REASON_CHARS = 200


def lost_tasks(swarm: ClusterFacts, node: NodeFacts) -> list[TaskFacts]:
    """Return the tasks that a node worked on when the managers last heard of it. The facts must have the task list."""
    return [task for task in swarm.task_list if task.node == node.id and not task.ended]


def lost_tasks_lines(facts: Facts, swarm: ClusterFacts, node: NodeFacts) -> tuple[str, ...]:
    """Return where the tasks of a node that is down run now, in words; () if the tasks were not read."""
    if not swarm.task_list:
        return ()
    lost = lost_tasks(swarm, node)
    moving = {task.place for task in lost if task.slot}
    bound = sum(not task.slot for task in lost)
    heirs = [
        task for task in swarm.task_list if task.wanted and task.slot and task.place in moving and task.node != node.id
    ]
    lines = []
    if moving:
        lines.append(f"{number_of(len(moving), 'task')} rescheduled: {_whereabouts(facts, swarm, heirs, len(moving))}")
    if bound:
        tasks = f"{number_of(bound, 'task')} of global services"
        lines.append(f"{tasks} {'starts' if bound == 1 else 'start'} again when it is back")
    return tuple(lines) or (f"no task ran on {tick(node.name)}",)


def _whereabouts(facts: Facts, swarm: ClusterFacts, heirs: Iterable[TaskFacts], wanted: int) -> str:
    """Return where the successors of ``wanted`` tasks are: "11 run elsewhere, 1 is pending: …"."""
    newest = {task.place: task for task in sorted(heirs, key=lambda task: task.created)}
    states = Counter(
        "running" if task.state == "running" else "pending" if task.state in UNPLACED else "starting"
        for task in newest.values()
    )
    rest = wanted - sum(states.values())
    running = states["running"]
    parts = [f"{running} {'runs' if running == 1 else 'run'} elsewhere"] if running else []
    parts += [_number_are(states["starting"], "starting")] if states["starting"] else []
    parts += [_number_are(rest, "not replaced yet")] if rest else []
    if states["pending"]:
        services = {task.service for task in newest.values() if task.state in UNPLACED}
        found = (swarm.service(service) for service in sorted(services))
        reasons = [
            *dict.fromkeys(reason for service in found if service for reason in reasons_of(facts, swarm, service))
        ]
        why = f": {listed(reasons, limit=MAX_REASONS)}" if reasons else ""
        parts.append(f"{_number_are(states['pending'], 'pending')}{why}")
    return ", ".join(parts)


def _number_are(count: int, what: str) -> str:
    return f"{count} {'is' if count == 1 else 'are'} {what}"


def reasons_of(facts: Facts, swarm: ClusterFacts, service: ServiceFacts) -> list[str]:
    """Return why tasks of a service are pending, by the obstacles of the nodes that are ready.

    While Swarmbot has paused its rollout, that is the reason. If many nodes are down, only in the scheduler's words:
    otherwise each of them would be examined.
    """
    if is_paused(service.spec):
        name = service.name
        return [f"Swarmbot has paused the rollout of {tick(name)} ({tick(f'/swarm resume {name}')} goes on)"]
    if sum(node.state != "ready" for node in swarm.nodes) > MAX_DOWN:
        return [plain_line(masked_text(service.complaint), MAX_REASON_CHARS)] if service.complaint else []
    return [unplaced_reason(group.said, group.verdicts) for group in diagnose(facts, swarm, service).unplaced]


def unplaced_reason(said: str, verdicts: Iterable[Verdict]) -> str:
    """Return why no node accepts a task: by node if each ready node refuses it, otherwise in the scheduler's words."""
    ready = [verdict for verdict in verdicts if verdict.node.state == "ready"]
    by_obstacle = nodes_by_obstacle(ready) if all(verdict.refused for verdict in ready) else {}
    if len(by_obstacle) == 1 and len(ready) > 1:
        [text] = by_obstacle
        return f"no ready node can run it ({text})"
    if by_obstacle:
        reasons = [
            f"{listed([tick(node.name) for node in nodes], limit=MAX_NODES)}: {text}"
            for text, nodes in by_obstacle.items()
        ]
        return f"no node can run it ({'; '.join(reasons[:MAX_NODES])})"
    return plain_line(masked_text(said), MAX_REASON_CHARS) or "the scheduler has not given a reason yet"
