"""Which command undoes a change of a service that failed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.model import ClusterFacts, Facts, ServiceFacts
from bot.swarm.reading.parse_services import by_place, was_replaced
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.rollout.rollout import ROLLED_BACK, Rollout
from bot.swarm.services.spec.same_spec import made_from
from bot.swarm.services.spec.spec_changes import restarts, spec_changes
from bot.swarm.services.spec.spec_edit import unforced

LAST_GOOD: Final = "--last-good"
TRIED_S: Final = 3600.0
"""A spec is known to fail if its tasks failed within this time before the last change, or later."""


def rollback_command(facts: Facts, swarm: ClusterFacts, service: ServiceFacts) -> str:
    """Return the command, without ``/swarm``, that returns to a spec not known to fail; "" if there is none.

    It is for a button: the person who presses it may have no permission to see specs. The facts must have the task
    list.
    """
    return _order(facts, service, failed=True, may_undo=rollback_helps(swarm, service))


def rollback_helps(swarm: ClusterFacts, service: ServiceFacts) -> bool:
    """Return whether Docker's own rollback leads to another spec that is not known to fail.

    After a rollback it leads to the spec that was rolled back. A spec is known to fail if its tasks failed recently and
    none runs.
    """
    before = spec_before(service)
    if before is None or not spec_changes(service.spec, before) or is_rolled_back(service):
        return False
    older = replace(service, spec=before)
    since = service.updated - TRIED_S
    own = [task for task in swarm.tasks_of(service.id) if made_from(task, older) and not made_from(task, service)]
    if any(task.wanted and task.state == "running" for task in own):
        return True
    return not any(
        task.failed and task.since > since and not was_replaced(task, tasks)
        for tasks in by_place(own)
        for task in tasks
    )


def is_rolled_back(service: ServiceFacts) -> bool:
    """Return whether the last change of a service was a rollback by Docker, as far as it says."""
    return service.update is not None and service.update.state in ROLLED_BACK


def rollback_advice(facts: Facts, service: ServiceFacts, rollout: Rollout, *, rolled_back: bool = False) -> str:
    """Return the command that returns to the spec before, or to the last one whose tasks ran if it differs; "" if none.

    No command is advised that would start the tasks that fail now again. ``rolled_back``: whether a rollback failed:
    Docker's own rollback would only undo it.
    """
    order = _order(facts, service, failed=bool(rollout.last_failure), may_undo=not rolled_back)
    if not order:
        return ""
    where = "the last spec whose tasks ran" if order.endswith(LAST_GOOD) else "the spec before"
    return f"`/swarm {order}` returns to {where}."


def _order(facts: Facts, service: ServiceFacts, *, failed: bool, may_undo: bool) -> str:
    """Return the command that returns to the last good spec if it differs from the spec before, otherwise to this.

    "" if neither helps. ``failed``: whether tasks of the present spec fail. ``may_undo``: whether Docker's own
    rollback, to the spec before, is of use.
    """
    good, before = facts.good_specs.get(service.id), spec_before(service)
    if before is not None and not (may_undo and _helps(service, before, failed=failed)):
        before = None
    if good and _helps(service, good.spec, failed=failed) and (before is None or spec_changes(good.spec, before)):
        return f"rollback {service.name} {LAST_GOOD}"
    return f"rollback {service.name}" if before is not None else ""


def spec_before(service: ServiceFacts) -> Mapping[str, Any] | None:
    """Return the spec that Docker's rollback returns to; None if there is none, or only the one of Swarmbot's pause."""
    before = service.previous_spec
    return None if before is None or is_paused(before) else before


def _helps(service: ServiceFacts, spec: Mapping[str, Any], *, failed: bool) -> bool:
    """Return whether the spec differs and, if tasks ``failed``, makes other tasks."""
    present, other = unforced(service.spec), unforced(spec)
    return bool(spec_changes(present, other)) and not (failed and restarts(present, other) == "none")
