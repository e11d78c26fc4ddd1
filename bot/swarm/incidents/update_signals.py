"""Signals about updates of services: Docker paused one, or rolled one back. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.blocks import plain_line, tick
from bot.model import ClusterFacts, Facts, ServiceFacts, TaskFacts
from bot.model.incident import WatchState
from bot.model.observation import Signal
from bot.swarm.incidents.lost_tasks import MAX_REASON_CHARS
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.rollout.rollback_advice import rollback_command
from bot.swarm.services.rollout.rollout import PAUSED
from bot.swarm.services.service_state import count_text
from bot.swarm.services.spec.masked import masked_text


def docker_paused(service: ServiceFacts) -> bool:
    """Return whether Docker paused the last update of a service, and not Swarmbot."""
    paused = service.update is not None and service.update.state in PAUSED
    return paused and not is_paused(service.spec)


def update_signals(
    before: WatchState, facts: Facts, swarm: ClusterFacts, service: ServiceFacts, tasks: Iterable[TaskFacts]
) -> list[Signal]:
    """Return that Docker paused the last update, or a note that it was rolled back since the last reading."""
    update = service.update
    if update is None:
        return []
    began = update.started or service.updated
    if docker_paused(service):
        counts = f"{count_text(swarm, service)}{_why_paused(service, tasks)}"
        what = "update" if update.state == "paused" else "rollback"
        return [
            Signal(
                "update failed",
                service.name,
                "warning",
                f"the {what} of {tick(service.name)} is paused: {counts}",
                began,
                subject_id=service.id,
                fix=rollback_command(facts, swarm, service),
                advice=f"`/swarm why {service.name}` says why tasks fail",
            )
        ]
    if update.state == "rollback_completed" and 0 < before.read_at < update.completed:
        return [
            Signal(
                "update failed",
                service.name,
                "note",
                f"the last update of {tick(service.name)} was rolled back",
                update.completed,
                subject_id=f"{service.id}@{began:.0f}",
                advice=f"`/swarm service {service.name}` shows it",
            )
        ]
    return []


def _why_paused(service: ServiceFacts, tasks: Iterable[TaskFacts]) -> str:
    """Return the error of the task for which Docker paused: Docker names it by its id. "" if it is unknown."""
    failed = sorted((task for task in tasks if task.failed), key=lambda task: task.since)
    named = [task for task in failed if task.id and service.update and task.id in service.update.message]
    last = next(reversed(named or failed), None)
    error = error_of(last) if last else masked_text(service.complaint)
    return f"; a task failed: {plain_line(error, MAX_REASON_CHARS)}" if error else ""


def error_of(task: TaskFacts) -> str:
    """Return the error of a task without secrets, and its exit code if the error does not have it."""
    error = masked_text(task.error)
    code = "" if task.exit_code is None or f"({task.exit_code})" in error else f"exit code {task.exit_code}"
    return ", ".join(filter(None, (code, error))) or task.state
