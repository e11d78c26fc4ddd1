"""Which order leads back from a change of a service that failed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.model import Facts, ServiceFacts
from bot.swarm.services.paused_rollout import is_paused
from bot.swarm.services.rollout import Rollout
from bot.swarm.services.spec_changes import restarts, spec_changes
from bot.swarm.services.spec_edit import unforced


def way_back(facts: Facts, service: ServiceFacts, found: Rollout, *, rolled_back: bool = False) -> str:
    """Return the order that returns to the spec before, or to the last one whose tasks ran if that is another; else "".

    No order is advised that would run the tasks that fail now again. ``rolled_back``: whether a rollback failed, which
    Docker's own would only undo.
    """
    good, before = facts.good_specs.get(service.id), spec_before(service)
    if (
        good
        and _helps(service, good.spec, found)
        and (before is None or rolled_back or spec_changes(good.spec, before))
    ):
        return f"`/swarm rollback {service.name} --last-good` returns to the last spec whose tasks ran."
    if before is None or rolled_back or not _helps(service, before, found):
        return ""
    return f"`/swarm rollback {service.name}` returns to the spec before."


def spec_before(service: ServiceFacts) -> Mapping[str, Any] | None:
    """Return the spec that Docker's rollback returns to; None if there is none, or only that of Swarmbot's pause."""
    before = service.previous_spec
    return None if before is None or is_paused(before) else before


def _helps(service: ServiceFacts, spec: Mapping[str, Any], found: Rollout) -> bool:
    """Return whether the spec is another one, and if tasks failed, makes other tasks."""
    present, other = unforced(service.spec), unforced(spec)
    return bool(spec_changes(present, other)) and not (found.last_failure and restarts(present, other) == "none")
