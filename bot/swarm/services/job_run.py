"""How far a run of a job is: judged by the tasks of its present spec, of which every run has one of its own. Pure.

A job that failed and one that waits have the same counts (docs/swarm-behaviour.md).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bot.blocks import plain_line
from bot.model import ClusterFacts, ServiceFacts
from bot.swarm.services.placement import is_judged, meets_constraints, schedulable_nodes
from bot.swarm.services.rollout import MIN_CRASHES, PENDING_S, SETTLING_S, failure_text
from bot.swarm.services.same_spec import made_from
from bot.text.suggest import listed, number_of


@dataclass(frozen=True, slots=True)
class JobRun:
    """What is seen of the present run."""

    wanted: int
    """How many tasks must complete. Of a global job: the nodes that accept tasks and meet its constraints."""
    completed: int
    running: int
    last_failure: str
    """How the last task that failed ended, in words; "" if none did."""
    verdict: str
    """Why it will not complete, in a sentence; "" while it may."""

    @property
    def has_completed(self) -> bool:
        """Whether as many tasks as wanted have completed."""
        return self.completed >= self.wanted

    @property
    def progress(self) -> str:
        """Return "1 of 4 tasks completed, 2 running"."""
        failed = f"; {self.last_failure}" if self.last_failure and not self.has_completed else ""
        return f"{self.completed} of {number_of(self.wanted, 'task')} completed, {self.running} running{failed}"


def job_run(swarm: ClusterFacts, service: ServiceFacts, now: float) -> JobRun:
    """Return how far the present run is. ``now``: when the facts were read, unix seconds. Needs the task list."""
    own = [task for task in swarm.tasks_of(service.id) if made_from(task, service)]
    failures = sorted((task for task in own if task.failed), key=lambda task: -task.since)
    kept = [task for task in own if task.wanted and not task.failed]
    last = failure_text(swarm, service, failures[0]) if failures else ""
    pending = [task for task in kept if not task.node and task.error]
    found = JobRun(_wanted(swarm, service), service.completed, sum(task.state == "running" for task in own), last, "")
    verdict = ""
    if any(now - task.created >= PENDING_S for task in pending):
        reasons = Counter(task.error for task in pending).items()
        told = listed(f"{number_of(count, 'task')} pending ({plain_line(error)})" for error, count in reasons)
        verdict = f"No node takes all tasks: {told}."
    elif any(count >= MIN_CRASHES for count in Counter(task.place for task in failures).values()):
        verdict = f"Tasks fail again and again: {number_of(len(failures), 'task')} failed so far. The last one: {last}."
    elif failures and not kept and now - failures[0].since >= SETTLING_S:
        verdict = f"Docker does not restart tasks that failed. The last one: {last}."
    return found if found.has_completed else JobRun(found.wanted, found.completed, found.running, last, verdict)


def _wanted(swarm: ClusterFacts, service: ServiceFacts) -> int:
    if not service.is_global:
        return service.completions
    if not is_judged(swarm, service):
        return service.desired
    return sum(meets_constraints(node, service) for node in schedulable_nodes(swarm))
