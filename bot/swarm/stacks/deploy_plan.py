"""What the writes of a deploy change, in words: differences, restarts, costs and risks. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.blocks import tick
from bot.model import Action, ClusterFacts, Cost, Facts, ServiceFacts, StackRecording, StackWrite
from bot.swarm.reading.parse_services import ports
from bot.swarm.services.change_plan import nowhere_costs, pause_end, restarting_text, rollout_warnings, stop_costs
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.spec.spec_changes import Restarts, restarts, spec_changes
from bot.swarm.services.spec.spec_words import new_service_words
from bot.swarm.stacks.writes import before, canonical
from bot.text.suggest import number_of

SIGNS: Final[Mapping[Action, str]] = {"create": "+", "update": "~", "delete": "-"}
TO_DO: Final[Mapping[Action, str]] = {"create": "to create", "update": "to update", "delete": "to remove"}
EFFECT: Final[Mapping[Action, str]] = {"create": "new", "update": "changed", "delete": "removed"}
"""For a plan, whose effect is shown when it is done too."""


def changes_of(swarm: ClusterFacts, recording: StackRecording, write: StackWrite) -> tuple[str, ...]:
    """Return what a write changes, old → new, and which tasks restart; for a new service, all that it is and may do.

    Values that look like a secret are masked.
    """
    if write.action == "delete":
        return _running(swarm, write) if write.type == "service" else ()
    if write.action == "create":
        content = (f"content changed (new name {tick(write.name)})",) if write.base else ()
        return _new_service(swarm, recording, write) if write.type == "service" else content
    old, new = _specs(recording, write)
    if write.type != "service":
        old, new = ({key: value for key, value in spec.items() if key != "Data"} for spec in (old, new))
    changes = tuple(change.shown for change in spec_changes(old, new))
    service = swarm.service(write.id)
    if write.type != "service" or service is None:
        return changes
    return *changes, restarting_text(swarm, service, replace(service, spec=new), _restarts(service, old, new))


def costs_of(facts: Facts, recording: StackRecording, write: StackWrite) -> tuple[Cost, ...]:
    """Return what a write costs: a service that stops, a pause that ends, tasks that no node can run any more."""
    swarm = facts.swarm
    service = swarm.service(write.id) if swarm and write.type == "service" else None
    if swarm is None or service is None:
        return ()
    if write.action == "delete":
        return (
            Cost(f"service {service.name}", f"{tick(service.name)} ({', '.join(_running(swarm, write))}) is removed."),
        )
    old, new = _specs(recording, write)
    after, replaced = replace(service, spec=new), _restarts(service, old, new)
    paused, _ = pause_end(swarm, service, after, replaced)
    return *paused, *stop_costs(swarm, after), *nowhere_costs(facts, after, replaced)


def warnings_of(facts: Facts, recording: StackRecording, write: StackWrite) -> tuple[str, ...]:
    """Return what is risky about replacing the tasks of a service."""
    swarm = facts.swarm
    service = swarm.service(write.id) if swarm and write.action == "update" else None
    if swarm is None or service is None:
        return ()
    old, new = _specs(recording, write)
    after, replaced = replace(service, spec=new), _restarts(service, old, new)
    _, told = pause_end(swarm, service, after, replaced)
    return *told, *rollout_warnings(facts, service, after, replaced)


def counted(recording: StackRecording, pending: tuple[StackWrite, ...], words: Mapping[Action, str] = TO_DO) -> str:
    """Return how many objects change: "1 to create, 2 to update, 3 unchanged"."""
    counts = Counter(write.shown_action for write in pending)
    parts = [f"{counts[action]} {word}" for action, word in words.items() if counts[action]]
    same = sum(write.shown_action == "update" for write in recording.writes) - counts["update"]
    return ", ".join([*parts, *([f"{same} unchanged"] if same else [])])


def _restarts(service: ServiceFacts, old: Mapping[str, Any], new: Mapping[str, Any]) -> Restarts:
    """Return which tasks Docker replaces. Its command line keeps the number of restarts, which a pause has raised."""
    return "all" if is_paused(service.spec) else restarts(old, new)


def _specs(recording: StackRecording, write: StackWrite) -> tuple[dict[str, Any], dict[str, Any]]:
    known = before(recording, write)
    old = canonical(recording, write.type, known.spec) if known else {}
    return old, canonical(recording, write.type, write.body)


def _running(swarm: ClusterFacts, write: StackWrite) -> tuple[str, ...]:
    count = sum(task.state == "running" for task in swarm.tasks_of(write.id))
    return (number_of(count, "running task"),)


def _new_service(swarm: ClusterFacts, recording: StackRecording, write: StackWrite) -> tuple[str, ...]:
    spec = canonical(recording, "service", write.body)
    return tuple(new_service_words(swarm, ServiceFacts(write.name, 0, 0, spec=spec, ports=ports({"Spec": spec}))))
