"""A temporary change of a service's spec, and how it is undone: another placement, or more replicas. Pure.

A constraint that is added replaces only the tasks that no longer fit, and start-first starts the new ones before the
old ones stop; more replicas go to the emptiest nodes, and fewer again leave the fullest. Among the ways that were
tried, these replace no other task (docs/decisions/0032). A label of the service keeps what must be undone, so that it
is known even if the job is lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bot.swarm.services.spec.same_spec import same_spec

LABEL: Final = "swarmbot.temporary"
TAKEN_BACK: Final = "taken back"
"""The label's value once only the label itself is left."""
_DEFAULT_UPDATE: Final = {"Parallelism": 1}
"""What an engine does if a spec has no ``UpdateConfig``. If it has one, no parallelism means all at once."""

Spec = Mapping[str, Any]


def is_temporary(spec: Spec) -> bool:
    """Return whether the spec has a temporary change, or a part of one."""
    return LABEL in (spec.get("Labels") or {})


def moved_off(spec: Spec, nodes: Sequence[str]) -> dict[str, Any]:
    """Return the spec with which no task of the service runs on ``nodes`` (ids), and new tasks start first.

    An existing move is extended: undoing it restores the first spec.
    """
    saved = kept_in(spec, "nodes", "update", "placed") or {
        "nodes": [],
        "update": spec.get("UpdateConfig"),
        "placed": "Placement" in _template(spec),
    }
    every = [*saved["nodes"], *(node for node in nodes if node not in saved["nodes"])]
    constraints = _constraints(spec)
    more = [each for node in every if (each := _constraint(node)) not in constraints]
    changed = with_kept({**spec, "UpdateConfig": _start_first(saved["update"])}, {**saved, "nodes": every})
    return _with_constraints(changed, [*constraints, *more])


def with_more_replicas(spec: Spec, extra: int) -> dict[str, Any]:
    """Return the spec of a replicated service with ``extra`` replicas, unless they are there already."""
    if kept_in(spec, "replicas", "extra"):
        return dict(spec)
    replicas = _replicas(spec)
    return with_kept(_with_replicas(spec, replicas + extra), {"replicas": replicas, "extra": extra})


def taken_back(spec: Spec) -> dict[str, Any]:
    """Return the spec without the temporary change, and with the label that says so.

    What somebody else changed meanwhile stays. The label is removed by :func:`unlabelled`, in a write of its own: a
    rollback returns to the spec before the last write, which must not be the temporary one.
    """
    if saved := kept_in(spec, "nodes", "update", "placed"):
        return _with_label(_moved_back(spec, saved), TAKEN_BACK)
    if saved := kept_in(spec, "replicas", "extra"):
        is_ours = _replicas(spec) == saved["replicas"] + saved["extra"]
        return _with_label(_with_replicas(spec, saved["replicas"]) if is_ours else spec, TAKEN_BACK)
    return dict(spec)


def unlabelled(spec: Spec) -> dict[str, Any]:
    """Return the spec without the label. An empty set of labels stays: the engine stores it."""
    return {**spec, "Labels": {key: value for key, value in (spec.get("Labels") or {}).items() if key != LABEL}}


def _moved_back(spec: Spec, saved: Mapping[str, Any]) -> dict[str, Any]:
    constraints = {_constraint(node) for node in saved["nodes"]}
    changed = _with_constraints(spec, [each for each in _constraints(spec) if each not in constraints])
    if not saved["placed"] and not changed["TaskTemplate"]["Placement"]:
        del changed["TaskTemplate"]["Placement"]
    if not same_spec({"UpdateConfig": spec.get("UpdateConfig")}, {"UpdateConfig": _start_first(saved["update"])}):
        return changed
    if saved["update"] is None:
        del changed["UpdateConfig"]
        return changed
    return {**changed, "UpdateConfig": saved["update"]}


def kept_in(spec: Spec, *keys: str) -> dict[str, Any] | None:
    """Return what the label keeps if it has these keys; None if not, as with a label that somebody wrote by hand."""
    text = (spec.get("Labels") or {}).get(LABEL)
    if not text:
        return None
    try:
        saved = json.loads(text)
    except ValueError:
        return None
    sound = isinstance(saved, dict) and saved.keys() == {*keys} and isinstance(saved.get("nodes", []), list)
    return saved if sound else None


def with_kept(spec: Spec, saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec with a label that keeps what must be undone."""
    return _with_label(spec, json.dumps(saved))


def _with_label(spec: Spec, value: str) -> dict[str, Any]:
    return {**spec, "Labels": {**(spec.get("Labels") or {}), LABEL: value}}


def _start_first(update: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the update policy of the move. It pauses when a new task fails: the old ones continue to run."""
    return {**(update or _DEFAULT_UPDATE), "Order": "start-first", "FailureAction": "pause"}


def _constraint(node: str) -> str:
    return f"node.id!={node}"


def _constraints(spec: Spec) -> list[str]:
    return list((_template(spec).get("Placement") or {}).get("Constraints") or ())


def _template(spec: Spec) -> Mapping[str, Any]:
    return spec.get("TaskTemplate") or {}


def _with_constraints(spec: Spec, constraints: Sequence[str]) -> dict[str, Any]:
    """Return the spec with these constraints; without any, as the engine stores it: the key is absent."""
    template = _template(spec)
    placement = {key: value for key, value in (template.get("Placement") or {}).items() if key != "Constraints"}
    if constraints:
        placement["Constraints"] = [*constraints]
    return {**spec, "TaskTemplate": {**template, "Placement": placement}}


def _replicas(spec: Spec) -> int:
    wanted = ((spec.get("Mode") or {}).get("Replicated") or {}).get("Replicas")
    return 1 if wanted is None else int(wanted)


def _with_replicas(spec: Spec, replicas: int) -> dict[str, Any]:
    return {**spec, "Mode": {"Replicated": {"Replicas": replicas}}}
