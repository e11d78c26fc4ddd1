"""Whether a service runs as it should. Every list, the status and the health of a cluster judge by this. Pure.

The managers' own counts do not show it: a global service whose tasks crash wants no tasks by their count, and an update
is ``completed`` for them with no task running (docs/swarm-behaviour.md#services).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bot.blocks import DONE, FAILED, RUNNING, WAITING, WARNING, Sign
from bot.model import ClusterFacts, ServiceFacts
from bot.swarm.services.placement.eligible_nodes import global_count
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.rollout.rollout import IN_PROGRESS, ROLLED_BACK, failure_text
from bot.swarm.services.spec.masked import masked_text
from bot.text.durations import age
from bot.text.suggest import number_of, part_of

ENDED: Final = frozenset({"completed", "rollback_completed"})
URGENCY: Final[Mapping[Sign, int]] = MappingProxyType({FAILED: 0, WARNING: 1, RUNNING: 2, DONE: 3, WAITING: 4})
"""The order of services in lists: what is wrong first, what is scaled to 0 or has completed last."""


def wanted_tasks(swarm: ClusterFacts, service: ServiceFacts) -> int:
    """Return how many tasks of a service should run now; for a job, how many while it has not completed.

    A global service should run on each active node that meets its constraints, and on each node where the managers want
    a task, as on a paused node. Where the facts cannot judge a constraint, only the managers' count is known.
    """
    if service.mode == "replicated":
        return service.replicas
    if service.mode == "replicated job":
        return max(0, min(service.concurrent, service.completions - service.completed))
    wanted = global_count(swarm, service)
    return max(0, wanted - service.completed) if service.is_job else max(wanted, service.desired)


def missing_tasks(swarm: ClusterFacts, service: ServiceFacts) -> int:
    """Return how many tasks should run now and do not."""
    return max(0, wanted_tasks(swarm, service) - service.running)


def service_sign(swarm: ClusterFacts, service: ServiceFacts) -> Sign:
    """Return ✗ if tasks are missing, ! if the last update failed or is paused or if tasks fail again and again.

    ▸ stands for an update in progress, and for a job that runs.

    A rolling update stops some tasks before it starts their successors: while others run, that is no failure. ✓ stands
    for a service whose tasks all run, · for one that is scaled to 0 and for a job that has completed.
    """
    update = service.update.state if service.update else ""
    wanted = wanted_tasks(swarm, service)
    is_short = service.running < wanted
    if is_paused(service.spec):
        return FAILED if is_short else WARNING
    if is_short:
        return RUNNING if update in IN_PROGRESS and service.running and not service.complaint else FAILED
    if update == "paused" or update in ROLLED_BACK - IN_PROGRESS or service.crash_loop:
        return WARNING
    if update in IN_PROGRESS:
        return RUNNING
    if not wanted:
        return WAITING
    return RUNNING if service.is_job else DONE


def count_text(swarm: ClusterFacts, service: ServiceFacts) -> str:
    """Return "3 of 5 replicas running", "7 replicas running, 5 wanted", "1 of 4 completed, 2 running"."""
    if service.is_job:
        return f"{service.completed} of {_completions(swarm, service)} completed, {service.running} running"
    wanted = wanted_tasks(swarm, service)
    if service.mode == "global":
        return f"running on {part_of(service.running, wanted, 'node')}"
    if service.running > wanted:  # as while tasks are stopped after a scale
        return f"{number_of(service.running, 'replica')} running, {wanted} wanted"
    return f"{part_of(service.running, wanted, 'replica')} running"


def short_count(swarm: ClusterFacts, service: ServiceFacts) -> str:
    """Return this for a column: "3/5", or for a job "1/4 done"."""
    if service.is_job:
        return f"{service.completed}/{_completions(swarm, service)} done"
    return f"{service.running}/{wanted_tasks(swarm, service)}"


def _completions(swarm: ClusterFacts, service: ServiceFacts) -> int:
    """Return how many tasks of a job must complete in all."""
    if service.mode == "replicated job":
        return service.completions
    return wanted_tasks(swarm, service) + service.completed


def crash_loop_line(swarm: ClusterFacts, service: ServiceFacts) -> str:
    """Return that tasks of a service fail again and again, and how the last one failed; "" if they do not."""
    loop = service.crash_loop
    if loop is None:
        return ""
    last = failure_text(swarm, service, replace(loop.last, error=masked_text(loop.last.error)))
    return f"tasks fail again and again, {loop.failures} in one slot within minutes. The last one: {last}"


def update_text(swarm: ClusterFacts, service: ServiceFacts, now: float) -> str:
    """Return how the last update ended, and how long ago: "completed 3 h ago".

    An update that makes no task differ erases its status and that of the one before. So a missing status means: never
    updated, or erased.
    """
    update = service.update
    if update is None:
        return "none recorded"
    if is_paused(service.spec):
        return f"paused by Swarmbot {age(now - service.updated)} ago"
    began, ended = (f"{age(now - time)} ago" if time else "" for time in (update.started, update.completed))
    missing = missing_tasks(swarm, service)
    if update.state in ENDED:  # its tasks may have ended since, or never have run
        word = "completed" if update.state == "completed" else "rolled back"
        return f"{word} {ended}".rstrip() + (f", but {missing} not running" if missing else "")
    words = {
        "updating": f"in progress for {age(now - update.started)}" if update.started else "in progress",
        "paused": f"paused, began {began}".rstrip(),
        "rollback_started": "failed, being rolled back",
        "rollback_paused": "failed, rollback paused",
    }
    return words.get(update.state, update.state)
