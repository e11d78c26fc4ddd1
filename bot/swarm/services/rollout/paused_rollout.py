"""A rollout that Swarmbot paused: the temporary change of a spec that stops Docker, and how it is undone. Pure.

Docker has no call for it. A new task that no node accepts stops its updater: with start-first it waits for that task,
and stops no old one. So the spec gets a platform that no node has, and the number of forced restarts is raised, so that
even the tasks which Docker is just replacing count as old (docs/decisions/0035). The rollback policy is changed too: an
automatic rollback to this spec stops there as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.model import Facts, ServiceFacts
from bot.model.service import NO_PLATFORM, is_blocked
from bot.swarm.services.spec.same_spec import same_spec
from bot.swarm.services.spec.spec_changes import spec_changes
from bot.swarm.services.spec.temporary_spec import kept_in, unlabelled, with_kept

KEYS: Final = ("update", "rollback", "platforms", "placed", "force")
"""What the label keeps: both policies, the platforms, whether there was a ``Placement``, and ``ForceUpdate``."""
POLICIES: Final = {"update": "UpdateConfig", "rollback": "RollbackConfig"}
PAUSE_COSTS: Final = "Until it goes on, Docker starts no task of it, not even in place of one that fails."

Spec = Mapping[str, Any]


def is_paused(spec: Spec) -> bool:
    """Return whether the spec has the change that pauses its rollout."""
    return kept_in(spec, *KEYS) is not None


def paused(spec: Spec) -> dict[str, Any]:
    """Return the spec with which Docker replaces no further task. Its label keeps what :func:`unpaused` puts back."""
    if is_paused(spec):
        return dict(spec)
    template = spec.get("TaskTemplate") or {}
    placement = template.get("Placement") or {}
    force = template.get("ForceUpdate")
    saved = {
        "update": spec.get("UpdateConfig"),
        "rollback": spec.get("RollbackConfig"),
        "platforms": placement.get("Platforms"),
        "placed": "Placement" in template,
        "force": force,
    }
    blocked = {
        **template,
        "Placement": {**placement, "Platforms": [dict(NO_PLATFORM)]},
        "ForceUpdate": (force or 0) + 1,
    }
    policies = {key: _one_at_a_time(spec.get(key)) for key in POLICIES.values()}
    return with_kept({**spec, **policies, "TaskTemplate": blocked}, saved)


def unpaused(spec: Spec) -> dict[str, Any]:
    """Return the spec without the pause. What somebody else changed meanwhile stays."""
    saved = kept_in(spec, *KEYS)
    if saved is None:
        return dict(spec)
    changed = unlabelled(spec)
    for word, key in POLICIES.items():
        if same_spec({key: spec.get(key)}, {key: _one_at_a_time(saved[word])}):
            changed = _with(changed, key, saved[word])
    template = dict(changed.get("TaskTemplate") or {})
    placement = dict(template.get("Placement") or {})
    if is_blocked(template):
        placement = _with(placement, "Platforms", saved["platforms"])
        template = _with(template, "Placement", placement if placement or saved["placed"] else None)
    if template.get("ForceUpdate") == (saved["force"] or 0) + 1:
        template = _with(template, "ForceUpdate", saved["force"])
    return {**changed, "TaskTemplate": template}


def without_pause(service: ServiceFacts) -> ServiceFacts:
    """Return the service with the spec that is rolled out once the pause ends: its tasks are judged by that."""
    return replace(service, spec=unpaused(service.spec)) if is_paused(service.spec) else service


def pause_steps(facts: Facts, service: ServiceFacts) -> str:
    """Return the commands that continue a paused rollout, and that undo it if its last good spec was another one."""
    steps = [f"`/swarm resume {service.name}` goes on."]
    good = facts.good_specs.get(service.id)
    if good and spec_changes(good.spec, unpaused(service.spec)):
        steps.append(f"`/swarm rollback {service.name} --last-good` returns to the last spec whose tasks ran.")
    return " ".join(steps)


def _one_at_a_time(policy: Spec | None) -> dict[str, Any]:
    return {**(policy or {}), "Parallelism": 1, "Order": "start-first", "FailureAction": "pause"}


def _with(values: Spec, key: str, value: object) -> dict[str, Any]:
    """Return the values with one replaced; None removes the key."""
    others = {name: each for name, each in values.items() if name != key}
    return others if value is None else {**others, key: value}
