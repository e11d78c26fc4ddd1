"""An edit of a service's raw spec: it changes only what was requested. Pure.

Docker's own clients rebuild the spec and lose or add fields on the way
(docs/swarm-behaviour.md#what-docker-py-does-and-engines-answer). Here every field that is not named stays as the engine
sent it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.model import Json
from bot.model.service import NANOSECONDS

Pairs = tuple[tuple[str, str], ...]
"""Keys with their values."""
NANO_CPUS: Final = 1_000_000_000
CONSTRAINT: Final = re.compile(r"\s*(?P<key>[^\s=!]+)\s*(?P<how>==|!=)\s*(?P<value>\S.*?)\s*")


@dataclass(frozen=True, slots=True)
class SpecEdit:
    """The fields to change; None, or empty, for what stays. It holds no secrets: orders are stored."""

    image: str = ""
    replicas: int | None = None
    env: Pairs = ()
    env_rm: tuple[str, ...] = ()
    """The names of the environment variables to remove."""
    constraint: tuple[str, ...] = ()
    constraint_rm: tuple[str, ...] = ()
    label: Pairs = ()
    """Labels of the service, as `docker service update --label-add`."""
    label_rm: tuple[str, ...] = ()
    limit_cpu: float | None = None
    """CPUs; 0 removes the limit."""
    limit_memory: int | None = None
    """Bytes; 0 removes the limit."""
    reserve_cpu: float | None = None
    reserve_memory: int | None = None
    update_parallelism: int | None = None
    """The number of tasks that are replaced at a time; 0 for all."""
    update_delay: float | None = None
    """Seconds between two batches."""
    update_order: str = ""
    update_failure_action: str = ""
    update_monitor: float | None = None
    """Seconds in which a failure of a new task counts as a failure of the update."""
    force: int | None = None
    """The value of ``ForceUpdate``: another one replaces all tasks."""

    @property
    def concerns_tasks(self) -> bool:
        """Whether it changes the tasks or their number, and not only labels and the update policy."""
        rest = {name: getattr(NO_EDIT, name) for name in _WITHOUT_TASKS}
        return replace(self, **rest) != NO_EDIT

    def edited(self, spec: Mapping[str, Any]) -> Json:
        """Return the spec with the changes. ``spec`` is not changed."""
        found: Json = dict(spec)
        container: Json = {}
        old_container = _at(spec, "TaskTemplate", "ContainerSpec")
        if self.image:
            container["Image"] = self.image
        if self.env or self.env_rm:
            container["Env"] = edited_env(old_container.get("Env") or (), self.env, self.env_rm)
        found = _with(found, ("TaskTemplate", "ContainerSpec"), container)
        if self.constraint or self.constraint_rm:
            old = _at(spec, "TaskTemplate", "Placement").get("Constraints") or ()
            constraints = _edited_constraints(old, self.constraint, self.constraint_rm)
            found = _with(found, ("TaskTemplate", "Placement"), {"Constraints": constraints})
        for name, cpu, memory in (
            ("Limits", self.limit_cpu, self.limit_memory),
            ("Reservations", self.reserve_cpu, self.reserve_memory),
        ):
            limits = {"NanoCPUs": None if cpu is None else round(cpu * NANO_CPUS), "MemoryBytes": memory}
            found = _with(found, ("TaskTemplate", "Resources", name), _given(limits))
        if self.label or self.label_rm:
            labels = {key: value for key, value in (spec.get("Labels") or {}).items() if key not in self.label_rm}
            found["Labels"] = {**labels, **dict(self.label)}
        if self.replicas is not None:
            found = _with(found, ("Mode", "Replicated"), {"Replicas": self.replicas})
        if self.force is not None:
            found = _with(found, ("TaskTemplate",), {"ForceUpdate": self.force})
        return _with(found, ("UpdateConfig",), self._policy(spec))

    def _policy(self, spec: Mapping[str, Any]) -> Json:
        """Return the changed fields of ``UpdateConfig``.

        Without one an engine replaces one task at a time; with one that names no parallelism, all at once.
        """
        changes = _given(
            {
                "Parallelism": self.update_parallelism,
                "Delay": _nanoseconds(self.update_delay),
                "Order": self.update_order or None,
                "FailureAction": self.update_failure_action or None,
                "Monitor": _nanoseconds(self.update_monitor),
            }
        )
        return {"Parallelism": 1, **changes} if changes and spec.get("UpdateConfig") is None else changes


NO_EDIT: Final = SpecEdit()
_WITHOUT_TASKS: Final = (
    *("label", "label_rm", "update_parallelism", "update_delay"),
    *("update_order", "update_failure_action", "update_monitor"),
)


def edited_env(env: Iterable[str], added: Pairs, removed: Sequence[str]) -> list[str]:
    """Return the environment with ``added`` in place of variables of that name, otherwise at the end."""
    new = dict(added)
    found: list[str] = []
    for entry in env:
        name = entry.partition("=")[0]
        if name in new:
            found.append(f"{name}={new.pop(name)}")
        elif name not in removed:
            found.append(entry)
    return [*found, *(f"{name}={value}" for name, value in new.items())]


def unforced(spec: Mapping[str, Any]) -> Json:
    """Return the spec without the number of forced restarts: that alone makes the same tasks."""
    template = spec.get("TaskTemplate") or {}
    return {**spec, "TaskTemplate": {key: value for key, value in template.items() if key != "ForceUpdate"}}


def plain_constraint(text: str) -> str:
    """Return a constraint without the spaces that mean nothing, as Docker compares them."""
    match = CONSTRAINT.fullmatch(text)
    return f"{match['key']}{match['how']}{match['value']}" if match else text


def _edited_constraints(old: Iterable[str], added: Sequence[str], removed: Sequence[str]) -> list[str]:
    gone = {plain_constraint(each) for each in removed}
    remaining = [each for each in old if plain_constraint(each) not in gone]
    known = {plain_constraint(each) for each in remaining}
    return [*remaining, *(each for each in dict.fromkeys(map(plain_constraint, added)) if each not in known)]


def _nanoseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * NANOSECONDS)


def _given(values: Json) -> Json:
    return {key: value for key, value in values.items() if value is not None}


def _at(spec: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    for key in path:
        spec = spec.get(key) or {}
    return spec


def _with(spec: Json, path: Sequence[str], values: Json) -> Json:
    """Return the spec with ``values`` in the section at ``path``; nothing else is copied or added."""
    if not values:
        return spec
    if not path:
        return {**spec, **values}
    return {**spec, path[0]: _with(dict(spec.get(path[0]) or {}), path[1:], values)}
