"""Whether two specs of a service mean the same. Pure.

An engine and a client write the same spec in several ways: an absent value, null, and Docker's default mean the same
(measured with the CLIs and engines 20.10 and 28.5, docs/swarm-behaviour.md#deploys). The order of a list is part of the
spec: the orchestrator compares it in order, and replaces tasks if it differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.model import ServiceFacts, TaskFacts

_EMPTY: Final[tuple[object, ...]] = (None, "", 0, False, [], {})
_DEFAULTS: Final[dict[tuple[str, ...], object]] = {
    ("Mode", "Replicated", "Replicas"): 1,
    ("EndpointSpec", "Mode"): "vip",
    ("EndpointSpec", "Ports", "Protocol"): "tcp",
    ("EndpointSpec", "Ports", "PublishMode"): "ingress",
    ("UpdateConfig", "FailureAction"): "pause",
    ("UpdateConfig", "Order"): "stop-first",
    ("RollbackConfig", "FailureAction"): "pause",
    ("RollbackConfig", "Order"): "stop-first",
    ("TaskTemplate", "RestartPolicy", "Condition"): "any",
    ("TaskTemplate", "Runtime"): "container",
    ("TaskTemplate", "ContainerSpec", "Isolation"): "default",
}
"""Docker's default by path; the places of a list's items are not part of a path."""
_MEANS_SOMETHING: Final[frozenset[tuple[str, ...]]] = frozenset(
    {
        ("Mode", "Replicated", "Replicas"),
        ("Mode", "Global"),
        ("Mode", "ReplicatedJob"),
        ("Mode", "GlobalJob"),
        ("UpdateConfig",),
        ("RollbackConfig",),
        ("TaskTemplate", "ContainerSpec", "Init"),
        ("TaskTemplate", "ContainerSpec", "StopGracePeriod"),
        ("TaskTemplate", "RestartPolicy", "Delay"),
    }
)
"""Paths at which an empty value is not an absent one: 0 replicas, ``{"Global": {}}``, no grace period."""


def normalised(spec: Mapping[str, Any], networks: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the spec without redundant values. ``networks`` maps the ids of networks to their names."""
    found = _normalised(dict(spec), (), networks or {})
    return found if isinstance(found, dict) else {}


def same_spec(one: Mapping[str, Any], other: Mapping[str, Any], networks: Mapping[str, str] | None = None) -> bool:
    """Return whether two specs of a service mean the same. ``networks`` maps the ids of networks to their names."""
    return normalised(one, networks) == normalised(other, networks)


def made_from(task: TaskFacts, service: ServiceFacts) -> bool:
    """Return whether a task was made from the service's present spec.

    Its placement is not compared: a change of the constraints alone replaces only the tasks whose node no longer fits.
    """
    return task.spec == service.template or _template(task.spec) == _template(service.template)


def _template(template: Mapping[str, Any]) -> dict[str, Any]:
    return normalised({"TaskTemplate": {key: value for key, value in template.items() if key != "Placement"}})


def _normalised(value: Any, path: tuple[str, ...], networks: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        found = {key: _normalised(each, (*path, key), networks) for key, each in value.items()}
        return {key: each for key, each in found.items() if not _means_nothing(each, (*path, key))}
    if isinstance(value, list | tuple):
        return [_normalised(each, path, networks) for each in value]
    if path[-2:] == ("Networks", "Target"):
        return networks.get(value, value)
    return value


def _means_nothing(value: object, path: tuple[str, ...]) -> bool:
    if path in _DEFAULTS and value == _DEFAULTS[path]:
        return True
    if path in _MEANS_SOMETHING:
        return value is None
    return any(value == empty for empty in _EMPTY)
