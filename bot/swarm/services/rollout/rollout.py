"""How far a service's present spec is rolled out, judged by its tasks: Docker's UpdateStatus alone is wrong. Pure.

Docker also says ``completed`` if no task runs (failure action ``continue``), ``updating`` for ever if no node fits, and
nothing after an update that makes no task differ (docs/swarm-behaviour.md#updates-of-services).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.blocks import plain_line, tick
from bot.model import ClusterFacts, ServiceFacts, TaskFacts
from bot.model.service import NANOSECONDS, UpdateStatus, is_blocked
from bot.swarm.services.placement.eligible_nodes import global_count, meets_constraints
from bot.swarm.services.rollout.paused_rollout import without_pause
from bot.swarm.services.spec.same_spec import made_from
from bot.swarm.services.spec.temporary_spec import is_temporary
from bot.text.suggest import listed, number_of, part_of

DEFAULT_MONITOR_S: Final = 5.0
"""Docker's default of ``UpdateConfig.Monitor``."""
SETTLING_S: Final = 1.0
"""After a change of the spec its tasks and UpdateStatus change within 0.2 s: before that nothing is judged."""
PENDING_S: Final = 5.0
"""A task that has been pending this long, with a reason, is reported. The first moments have no reason."""
STARTING_S: Final = 10.0
"""How long the tasks that Docker is just replacing are waited for, once a rollout is paused."""
MIN_CRASHES: Final = 2
"""A crash loop: this often one task ended by itself, and its successor too."""
ENDED_BY_ITSELF: Final = frozenset({"failed", "rejected", "complete"})
IN_PROGRESS: Final = frozenset({"updating", "rollback_started"})
PAUSED: Final = frozenset({"paused", "rollback_paused"})
"""States in which Docker itself has paused."""
ROLLED_BACK: Final = frozenset({"rollback_started", "rollback_paused", "rollback_completed"})
"""States of the last update if it was a rollback by Docker."""
MAX_ERROR_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Rollout:
    """What is seen of the present spec's tasks."""

    wanted: int
    """How many tasks should run; for a global service, the number of nodes that accept tasks and meet its
    constraints."""
    running: int
    """How many of these run, were made from the present spec, and are on a node that fits."""
    others: int
    """How many other tasks run and need not stop yet: the rollout replaces them."""
    stable: bool
    """Whether as many as wanted have run for the monitor time, no other task is left, and Docker changes nothing."""
    stopping: int
    """Tasks that must still stop."""
    pending: tuple[tuple[str, int], ...]
    """Why the scheduler cannot place tasks, in its words, and how many tasks that are."""
    last_failure: str
    """How the last task of this rollout ended by itself, in words; "" if none did."""
    verdict: str
    """Why it will not become stable, in a sentence; "" while it may."""

    @property
    def progress(self) -> str:
        """Return "2 of 3 tasks running" or "2 of 7 tasks updated, 7 running", and what delays the others."""
        return self.progress_beside("")

    def progress_beside(self, told: str) -> str:
        """Return the progress without the reasons that ``told`` names."""
        count = part_of(self.running, self.wanted, "task")
        parts = [f"{count} updated, {self.running + self.others} running" if self.others else f"{count} running"]
        parts += [f"{number_of(self.stopping, 'task')} stopping"] if self.stopping else []
        reasons = [(plain_line(reason, MAX_ERROR_CHARS), count) for reason, count in self.pending]
        parts += [f"{count} pending" if reason in told else f"{count} pending: {reason}" for reason, count in reasons]
        is_new = bool(self.last_failure) and not self.stable and self.last_failure not in told
        return "; ".join([*parts, *([self.last_failure] if is_new else [])])


def monitor_s(service: ServiceFacts) -> float:
    """Return for how many seconds Docker watches a new task for failures."""
    found = (service.spec.get("UpdateConfig") or {}).get("Monitor")
    return float(found) / NANOSECONDS if found else DEFAULT_MONITOR_S


def rollout(swarm: ClusterFacts, service: ServiceFacts, now: float) -> Rollout:
    """Return how far the present spec of ``service`` is. ``now``: when the facts were read, in unix seconds.

    The facts must have been read with services and the task list.
    """
    tasks = swarm.tasks_of(service.id)
    ready = {node.id for node in swarm.nodes if node.state == "ready"}
    running = [task for task in tasks if _runs(swarm, service, task)]
    stopping = [task for task in tasks if task.alive and not task.wanted and task.node in ready]
    wanted = global_count(swarm, service) if service.is_global else service.replicas
    current = [task for task in tasks if task.wanted and not _stays(swarm, service, task)]
    changing = service.update is not None and service.update.state in IN_PROGRESS
    steady = all(now - task.since >= monitor_s(service) for task in running)
    settled = not changing and now - service.updated >= SETTLING_S
    stable = settled and steady and len(running) == len(current) == wanted and not stopping
    failures = sorted(_failures(service, tasks), key=lambda task: -task.since)
    pending = [task for task in current if not task.node and task.error and not is_blocked(task.spec)]
    found = Rollout(
        wanted=wanted,
        running=len(running),
        others=sum(_is_up(swarm, task) for task in current) - len(running),
        stable=stable,
        stopping=len(stopping),
        pending=tuple(sorted(Counter(task.error for task in pending).items())),
        last_failure=failure_text(swarm, service, failures[0]) if failures else "",
        verdict="",
    )
    if stable or (not settled and not changing):
        return found
    waited = max((now - task.created for task in pending), default=0.0)
    unrestarted = bool(failures) and len(current) < wanted and now - failures[0].since >= SETTLING_S
    return replace(found, verdict=_verdict(service, found, failures, waited, unrestarted=unrestarted))


def running_spec(swarm: ClusterFacts, service: ServiceFacts, now: float) -> Mapping[str, Any] | None:
    """Return the spec whose tasks are seen to run: the present one, or during an update the one before, or None."""
    if rollout(swarm, service, now).stable:
        return service.spec
    before, update = service.previous_spec, service.update
    if before is None or update is None or update.state != "updating" or is_temporary(service.spec):
        return None
    old = replace(service, spec=before)
    own = [task for task in swarm.tasks_of(service.id) if made_from(task, old) and not made_from(task, service)]
    running = [task for task in own if task.wanted and task.state == "running"]
    failed = any(task.failed and task.since >= update.started for task in own)
    steady = all(now - task.since >= monitor_s(old) for task in running)
    return before if running and steady and not failed and not is_temporary(before) else None


def is_rolling(swarm: ClusterFacts, service: ServiceFacts) -> bool:
    """Return whether Docker has tasks to replace, and has not paused by itself. It is judged by the tasks."""
    if service.update is not None and service.update.state in PAUSED:
        return False
    return bool(older_tasks(swarm, service))


def waits_for_pause(swarm: ClusterFacts, service: ServiceFacts, now: float) -> bool:
    """Return whether a task waits for the end of the pause of a rollout, as Docker's updater does, and others do not.

    A task that has been starting for :data:`STARTING_S` may never run, and is not waited for.
    """
    tasks = [task for task in swarm.tasks_of(service.id) if task.wanted]
    starting = (task for task in tasks if task.alive and task.state != "running" and now - task.since < STARTING_S)
    return any(not task.alive and is_blocked(task.spec) for task in tasks) and not any(starting)


def new_text(swarm: ClusterFacts, service: ServiceFacts) -> str:
    """Return how far a rollout is: "1 of 3 running tasks is new".

    A paused one is judged by the spec that is rolled out.
    """
    old = len([task for task in older_tasks(swarm, service) if task.state == "running"])
    own = without_pause(service)
    new = sum(task.wanted and task.state == "running" and made_from(task, own) for task in swarm.tasks_of(service.id))
    are = "is" if 1 in {new, new + old} else "are"
    return f"{new} of {number_of(new + old, 'running task')} {are} new"


def older_tasks(swarm: ClusterFacts, service: ServiceFacts) -> list[TaskFacts]:
    """Return the tasks that the rollout has to replace."""
    own = without_pause(service)
    alive = (task for task in swarm.tasks_of(service.id) if task.wanted and task.alive)
    return [task for task in alive if not made_from(task, own) and not _stays(swarm, service, task)]


def last_failure(swarm: ClusterFacts, service: ServiceFacts) -> str:
    """Return how the last task of any spec ended by itself since the last update began; "" if none did."""
    began = service.update.started if service.update else service.updated
    tasks = [task for task in swarm.tasks_of(service.id) if task.created >= began]
    ended = [task for task in tasks if task.state in ENDED_BY_ITSELF]
    last = max(ended, key=lambda task: task.since, default=None)
    return failure_text(swarm, service, last) if last else ""


def rollback_text(update: UpdateStatus | None) -> str:
    """Return that Docker has ended a rollback, or paused it, in a sentence; "" if it has not."""
    ended = {"rollback_completed": "rolled the update back", "rollback_paused": "paused the rollback"}
    how = ended.get(update.state) if update else None
    return f"Docker {how} because tasks failed." if how else ""


def failure_text(swarm: ClusterFacts, service: ServiceFacts, task: TaskFacts) -> str:
    """Return how a task ended by itself: "`web.2` on `host-3` failed with exit code 3: task: non-zero exit (3)"."""
    node = swarm.node(task.node)
    where = f" on {tick(node.name)}" if node else ""
    how = {"complete": "ended", "rejected": "was rejected"}.get(task.state, task.state)
    code = f" with exit code {task.exit_code}" if task.exit_code is not None else ""
    error = f": {plain_line(task.error, MAX_ERROR_CHARS)}" if task.error else ""
    return f"{tick(task.name_in(service.name))}{where} {how}{code}{error}"


def unplaced_text(pending: Iterable[tuple[str, int]]) -> str:
    """Return that no node accepts tasks, in a sentence, with the number of pending tasks by the scheduler's reason."""
    reasons = listed(f"{number_of(count, 'task')} pending ({plain_line(error)})" for error, count in pending)
    return f"No node takes all tasks: {reasons}."


def crash_loop_text(failures: Sequence[TaskFacts], last: str) -> str:
    """Return that tasks fail again and again, in a sentence; "" if none did. ``last``: how the last one ended."""
    crashes = Counter(task.place for task in failures)
    if all(count < MIN_CRASHES for count in crashes.values()):
        return ""
    return f"Tasks fail again and again: {number_of(len(failures), 'task')} failed so far. The last one: {last}."


def _runs(swarm: ClusterFacts, service: ServiceFacts, task: TaskFacts) -> bool:
    """Return whether a task of the present spec runs where it may: a new constraint moves those that do not fit."""
    if not _is_up(swarm, task) or not task.wanted or not made_from(task, service):
        return False
    node = swarm.node(task.node)
    return node is None or (not _stays(swarm, service, task) and meets_constraints(node, service))


def _is_up(swarm: ClusterFacts, task: TaskFacts) -> bool:
    """Return whether a task runs, as far as it is known: not on a node that is down."""
    node = swarm.node(task.node)
    return task.state == "running" and (node is None or node.state != "down")


def _stays(swarm: ClusterFacts, service: ServiceFacts, task: TaskFacts) -> bool:
    """Return whether it is the task of a global service on a paused node, which Docker leaves as it is."""
    node = swarm.node(task.node)
    return service.is_global and node is not None and not node.accepts_tasks


def _failures(service: ServiceFacts, tasks: Iterable[TaskFacts]) -> list[TaskFacts]:
    """Return the tasks of the present spec that ended by themselves since its rollout began."""
    began = service.update.started if service.update and service.update.started else service.updated
    return [
        task for task in tasks if task.state in ENDED_BY_ITSELF and task.created >= began and made_from(task, service)
    ]


def _verdict(
    service: ServiceFacts, rollout: Rollout, failures: list[TaskFacts], waited: float, *, unrestarted: bool
) -> str:
    """Return why it will not become stable.

    ``waited``: for how long a task has been pending with a reason, in seconds. ``unrestarted``: whether tasks ended and
    no others are to follow them.
    """
    state = service.update.state if service.update else ""
    if state in PAUSED:
        what = "update" if state == "paused" else "rollback"
        return f"Docker paused the {what} because tasks failed. {_last(rollout)}".strip()
    patience = PENDING_S + (service.stop_grace if rollout.stopping else 0.0)
    if waited >= patience:
        return unplaced_text(rollout.pending)
    action = (service.spec.get("UpdateConfig") or {}).get("FailureAction") or "pause"
    if state == "rollback_started" or (state == "updating" and action != "continue"):
        return ""  # Docker decides what a failure means
    if crashing := crash_loop_text(failures, rollout.last_failure):
        return crashing
    if unrestarted:
        return f"Docker does not restart tasks that ended. {_last(rollout)}"
    return ""


def _last(rollout: Rollout) -> str:
    return f"The last one: {rollout.last_failure}." if rollout.last_failure else ""
