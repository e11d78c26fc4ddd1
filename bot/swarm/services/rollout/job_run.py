"""How far a run of a job is, judged by the tasks of its present spec: every run has a spec of its own. Pure.

A job that failed and one that waits have the same counts (docs/swarm-behaviour.md#services).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from bot.model import ClusterFacts, ServiceFacts
from bot.swarm.services.placement.eligible_nodes import global_count
from bot.swarm.services.rollout.rollout import PENDING_S, SETTLING_S, crash_loop_text, failure_text, unplaced_text
from bot.swarm.services.spec.same_spec import made_from
from bot.text.suggest import number_of


@dataclass(frozen=True, slots=True)
class JobRun:
    """What is seen of the present run."""

    wanted: int
    """How many tasks must complete; for a global job, the number of nodes that accept tasks and meet its
    constraints."""
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
    current = [task for task in own if task.wanted and not task.failed]
    last = failure_text(swarm, service, failures[0]) if failures else ""
    pending = [task for task in current if not task.node and task.error]
    wanted = global_count(swarm, service) if service.is_global else service.completions
    found = JobRun(wanted, service.completed, sum(task.state == "running" for task in own), last, "")
    verdict = ""
    if any(now - task.created >= PENDING_S for task in pending):
        verdict = unplaced_text(sorted(Counter(task.error for task in pending).items()))
    elif crashing := crash_loop_text(failures, last):
        verdict = crashing
    elif failures and not current and now - failures[0].since >= SETTLING_S:
        verdict = f"Docker does not restart tasks that failed. The last one: {last}."
    return found if found.has_completed else replace(found, verdict=verdict)
