"""Why tasks of a service do not run: the scheduler's reasons node by node, and how tasks ended. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from bot.model import ClusterFacts, Facts, NodeFacts, ServiceFacts, TaskFacts, TaskReading
from bot.model.service import is_blocked
from bot.swarm.reading.parse_services import CRASH_WINDOW_S, by_place, was_replaced
from bot.swarm.services.placement.obstacle import Filter
from bot.swarm.services.placement.scheduling import Need, Verdict, candidates, judge, need_of, verdicts
from bot.swarm.services.rollout.rollout import ROLLED_BACK
from bot.swarm.services.spec.same_spec import made_from

UNPLACED: Final = frozenset({"new", "allocated", "pending"})
"""States of a task that no node works on yet."""
SAID: Final[Mapping[Filter, re.Pattern[str]]] = {
    "available": re.compile(r"(\d+) nodes? not available for new tasks"),
    "resources": re.compile(r"insufficient resources on (\d+) node"),
    "plugins": re.compile(r"missing plugin on (\d+) node"),
    "constraints": re.compile(r"scheduling constraints not satisfied on (\d+) node"),
    "platform": re.compile(r"unsupported platform on (\d+) node"),
    "host ports": re.compile(r"host-mode port already in use on (\d+) node"),
    "max replicas": re.compile(r"max replicas per node limit exceed"),
}
"""How SwarmKit counts the nodes at each filter (manager/scheduler/filter.go)."""
_TASK_ID: Final = re.compile(r"\btask ([0-9a-z]{25})\b")


@dataclass(frozen=True, slots=True)
class Unplaced:
    """Tasks that wait for a node, all for the same reason."""

    tasks: tuple[TaskFacts, ...]
    said: str
    """What the scheduler says; "" while it has not said anything."""
    verdicts: tuple[Verdict, ...]
    """The verdict for each node that it may run on."""

    @property
    def outdated(self) -> bool:
        """Whether the scheduler's text is out of date: fewer nodes fail a filter than it counted."""
        failing = Counter(name for verdict in self.verdicts for name in {each.filter for each in verdict.obstacles})
        counted = ((name, phrase.search(self.said)) for name, phrase in SAID.items())
        return any(found and int(next(filter(None, found.groups()), "1")) > failing[name] for name, found in counted)

    @property
    def taker(self) -> bool:
        """Whether a node would accept it according to the facts: the scheduler has not tried since, or knows more."""
        return any(not verdict.refused for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Failing:
    """A slot (of a global service: a node) whose tasks end by themselves."""

    last: TaskFacts
    """The latest task that ended by itself."""
    count: int
    """How many of the tasks that the managers remember ended by themselves."""
    now: TaskFacts | None
    """Its successor; None if there is none: then it is not started again."""
    reading: TaskReading | None
    """What its node reports of it; None if it was not read."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What keeps a service from running as it should."""

    unplaced: tuple[Unplaced, ...]
    held: tuple[TaskFacts, ...]
    """Tasks that wait until a rollout that Swarmbot paused continues."""
    starting: tuple[TaskFacts, ...]
    """Tasks that their nodes prepare or start."""
    failing: tuple[Failing, ...]
    left_out: tuple[Verdict, ...]
    """The nodes that get no task of a global service, and why."""
    update_cause: TaskFacts | None
    """The task that made the last update pause or roll back; None if it is not known."""

    @property
    def well(self) -> bool:
        """Whether nothing keeps a task from running."""
        return not (self.unplaced or self.held or self.starting or self.failing)


def diagnose(facts: Facts, swarm: ClusterFacts, service: ServiceFacts) -> Diagnosis:
    """Return why tasks of a service do not run. The facts must have services and the task list."""
    tasks = swarm.tasks_of(service.id)
    wanted = [task for task in tasks if task.wanted]
    return Diagnosis(
        unplaced=tuple(
            _unplaced(swarm, service, [each for each in wanted if each.state in UNPLACED and not is_blocked(each.spec)])
        ),
        held=tuple(task for task in wanted if task.state in UNPLACED and is_blocked(task.spec)),
        starting=tuple(task for task in wanted if task.alive and task.state != "running"),
        failing=tuple(_failing(facts, service, tasks)),
        left_out=tuple(_left_out(swarm, service, tasks)),
        update_cause=_cause(service, tasks),
    )


def _unplaced(swarm: ClusterFacts, service: ServiceFacts, tasks: Iterable[TaskFacts]) -> list[Unplaced]:
    """Return the tasks by what the scheduler says; the tasks of a global service are separate, each for its node."""
    groups: dict[tuple[str, bool], list[TaskFacts]] = {}
    for task in tasks:
        groups.setdefault((task.error, bool(task.node)), []).append(task)
    return [
        Unplaced(tuple(group), said, tuple(_judged(swarm, need_of(service, group[0]), group)))
        for (said, _), group in groups.items()
    ]


def _judged(swarm: ClusterFacts, need: Need, tasks: Iterable[TaskFacts]) -> list[Verdict]:
    """Return the verdict of each node that the tasks may run on. All tasks of one service need the same of a node."""
    own = {task.node for task in tasks}
    nodes = (node for node in swarm.nodes if own == {""} or node.id in own)
    return [judge(found, need) for found in candidates(swarm, nodes)]


def _failing(facts: Facts, service: ServiceFacts, tasks: list[TaskFacts]) -> list[Failing]:
    found = []
    for own in by_place(tasks):
        ended = [task for task in own if service.ended_early(task) and not was_replaced(task, own)]
        if not ended:
            continue
        last = max(ended, key=lambda task: task.since)
        later = [task for task in own if task.created >= last.created and task is not last]
        now = max((task for task in later if task.wanted), key=lambda task: task.created, default=None)
        replaced = now is None and any(task.state in {"running", "complete", "shutdown"} for task in later)
        past = facts.cluster_time - last.since > CRASH_WINDOW_S or not made_from(last, service)
        recovered = now is not None and now.state == "running" and past
        not_wanted = last.state == "complete" and now is None  # by its restart policy it may not start again
        if not (replaced or recovered or not_wanted):
            found.append(Failing(last, len(ended), now, facts.task_readings.get(last.id)))
    return sorted(found, key=lambda each: -each.last.since)


def _left_out(swarm: ClusterFacts, service: ServiceFacts, tasks: list[TaskFacts]) -> list[Verdict]:
    """Return the nodes without a task of a global service: Docker makes none for a node that cannot run it."""
    if not service.is_global:
        return []
    have = {task.node for task in tasks if task.wanted}
    return [verdict for verdict in verdicts(swarm, need_of(service)) if verdict.node.id not in have and verdict.refused]


def _cause(service: ServiceFacts, tasks: list[TaskFacts]) -> TaskFacts | None:
    """Return the task that Docker's message about the update names.

    After a rollback it names none: then the latest task of another spec that failed.
    """
    if service.update is None:
        return None
    named = _TASK_ID.search(service.update.message)
    if named:
        return next((task for task in tasks if task.id == named[1]), None)
    failed = (task for task in tasks if task.failed and not made_from(task, service))
    return max(failed, key=lambda task: task.since, default=None) if service.update.state in ROLLED_BACK else None


def nodes_by_obstacle(verdicts: Iterable[Verdict]) -> dict[str, list[NodeFacts]]:
    """Return the nodes by their obstacles, in words; "" for nodes that accept the task."""
    groups: dict[str, list[NodeFacts]] = {}
    for verdict in verdicts:
        groups.setdefault(", ".join(each.text for each in verdict.obstacles), []).append(verdict.node)
    return groups
