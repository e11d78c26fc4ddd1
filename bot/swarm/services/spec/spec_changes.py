"""What differs between two specs of a service, field by field in words, and which tasks it restarts. Pure.

Values that look like a secret are masked. An order without a meaning is no difference (see same_spec).
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from bot.blocks import cut_short, plain_line, tick
from bot.model.service import NANOSECONDS
from bot.secrets.redact import redact
from bot.secrets.secret import MASK
from bot.secrets.secret_names import looks_secret
from bot.swarm.services.spec.masked import masked_text, masked_words
from bot.swarm.services.spec.same_spec import normalised
from bot.swarm.services.spec.setting_words import (
    READABLE,
    file_words,
    health_words,
    mount_words,
    network_words,
    port_words,
)
from bot.swarm.services.spec.spec_edit import NANO_CPUS
from bot.text.durations import write_duration
from bot.text.sizes import write_size

Restarts = Literal["all", "some", "none"]
"""Which running tasks Docker replaces: all, only those whose node no longer meets the constraints, or none."""
MAX_VALUE_CHARS: Final = 200
_CHECK_CHARS: Final = 4
_ITEM: Final = "\0"
"""Comes before the part of a field's name that distinguishes items of a list, and is not shown."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One difference. Texts are plain, without secrets."""

    field: str
    """``image``, ``environment variable LOG_LEVEL``, ``replicas``."""
    old: str
    """"" if the field was absent."""
    new: str
    """"" if the field is absent now."""

    @property
    def shown(self) -> str:
        """The change as mrkdwn: "image `web:1` → `web:2`"."""
        field = plain_line(self.field)
        if self.old and self.new:
            same = f"{field} changed (value not shown)"
            return same if self.old == self.new else f"{field} {tick(self.old)} → {tick(self.new)}"
        return f"{field} {tick(self.new)} added" if self.new else f"{field} {tick(self.old)} removed"


def spec_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """Return the differences between two specs, in the order of the fields."""
    before, after = _fields(old), _fields(new)
    return tuple(
        FieldChange(field.partition(_ITEM)[0], _shown(before.get(field)), _shown(after.get(field)))
        for field in dict.fromkeys((*before, *after))
        if not _same(before.get(field), after.get(field))
    )


def restarts(old: Mapping[str, Any], new: Mapping[str, Any]) -> Restarts:
    """Return which tasks Docker replaces when a service's spec becomes ``new``."""
    before, after = _of_tasks(old), _of_tasks(new)
    if before == after:
        return "none"
    before.get("TaskTemplate", {}).pop("Placement", None)
    after.get("TaskTemplate", {}).pop("Placement", None)
    return "some" if before == after else "all"


def spec_fingerprint(spec: Mapping[str, Any] | None) -> str:
    """Return a text that differs for another spec, to be stored; "" for None.

    Only 16 bits of a value that looks like a secret are in it: a reader cannot find out the value, and a changed value
    goes unnoticed once in 65,536 times.
    """
    if spec is None:
        return ""
    plain = json.dumps(_fields(spec), sort_keys=True, default=lambda value: value.check)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class _Hidden:
    """A value that looks like a secret, or holds one."""

    text: str
    shown: str = MASK

    @property
    def check(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:_CHECK_CHARS]


@dataclass(frozen=True, slots=True)
class _Order:
    """The order of a list, by the names of its items: Docker compares lists in order."""

    keys: tuple[str, ...]

    @property
    def check(self) -> list[str]:
        return [*self.keys]


@dataclass(frozen=True, slots=True)
class _Worded:
    """A value without secrets that is shown in words. All of it is compared."""

    text: str
    shown: str

    @property
    def check(self) -> str:
        return self.text


_Value = str | _Hidden | _Worded | _Order


def _same(one: _Value | None, other: _Value | None) -> bool:
    """Return whether two values are the same. Two lists have the same order if what both have is in the same order."""
    if isinstance(one, _Order) or isinstance(other, _Order):
        before, after = ((each.keys if isinstance(each, _Order) else ()) for each in (one, other))
        return [key for key in before if key in after] == [key for key in after if key in before]
    return one == other


def _shown(value: _Value | None) -> str:
    if value is None:
        return ""
    if isinstance(value, _Order):
        return ", ".join(value.keys)[:MAX_VALUE_CHARS]
    return cut_short(value if isinstance(value, str) else value.shown, MAX_VALUE_CHARS)


def _of_tasks(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tasks are made from. The published ports are part of a task too."""
    found = normalised(spec)
    return {key: found[key] for key in ("TaskTemplate", "EndpointSpec") if key in found}


def _fields(spec: Mapping[str, Any]) -> dict[str, _Value]:
    """Return the spec as fields with their values in words."""
    plain = normalised(spec)
    found = {"replicas": _replicas(spec), **dict(_policy("update", spec, "UpdateConfig"))}
    found |= dict(_policy("rollback", spec, "RollbackConfig"))
    rest = {key: value for key, value in plain.items() if key not in {"Mode", "UpdateConfig", "RollbackConfig"}}
    fields: dict[str, _Value] = {key: value for key, value in found.items() if value}
    fields |= dict(_walked(rest, ()))
    mode = {key: value for key, value in (plain.get("Mode") or {}).items() if key != "Replicated"}
    return fields | ({"mode": json.dumps(mode, sort_keys=True)} if mode else {})


def _replicas(spec: Mapping[str, Any]) -> str:
    mode = spec.get("Mode") or {}
    if any(key in mode for key in ("Global", "ReplicatedJob", "GlobalJob")):
        return ""
    wanted = (mode.get("Replicated") or {}).get("Replicas")
    return "1" if wanted is None else str(wanted)


def _policy(what: str, spec: Mapping[str, Any], key: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of an update or rollback policy, with an engine's defaults for absent fields."""
    given = spec.get(key)
    policy: Mapping[str, Any] = {"Parallelism": 1} if given is None else given
    yield f"{what} parallelism", str(policy.get("Parallelism") or "all at once")
    yield f"{what} delay", _duration(policy.get("Delay") or 0)
    yield f"{what} order", policy.get("Order") or "stop-first"
    yield f"{what} failure action", policy.get("FailureAction") or "pause"
    yield f"{what} monitor", _duration(policy.get("Monitor") or 5 * NANOSECONDS)
    yield f"{what} maximum failure ratio", f"{policy.get('MaxFailureRatio') or 0:g}"


def _walked(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, _Value]]:
    """Yield the fields below ``path`` of a normalised spec."""
    if path in _LISTS:
        yield from _LISTS[path](value)
    elif path in _SCALARS:
        words, write = _SCALARS[path]
        yield words, _guarded(words, write(value))
    elif isinstance(value, dict) and (value or not path):
        for key, each in value.items():
            yield from _walked(each, (*path, key))
    else:
        words = ".".join(path)
        yield words, _guarded(words, _compact(value))


def _guarded(name: str, text: str) -> _Value:
    """Return the text, hidden if it looks like a secret."""
    if looks_secret(name, text):
        return _Hidden(text)
    shown = masked_text(text)
    return text if shown == text else _Hidden(text, shown)


def _worded(name: str, text: str, words: str) -> _Value:
    """Return the text, shown in words; masked as a whole if it looks like a secret."""
    value = _guarded(name, text)
    if isinstance(value, _Hidden):
        return value if value.shown == MASK else _Hidden(text, masked_text(words))
    return _Worded(text, words)


def _duration(nanoseconds: float) -> str:
    return write_duration(nanoseconds / NANOSECONDS)


def _cpus(nano: float) -> str:
    return f"{nano / NANO_CPUS:g} CPU"


def _compact(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)


def _pairs(words: str) -> Callable[[Any], Iterator[tuple[str, _Value]]]:
    """Read labels, or an environment as ``KEY=VALUE`` in a list, whose order is a field of its own."""

    def read(value: Any) -> Iterator[tuple[str, _Value]]:
        pairs = list(value.items()) if isinstance(value, dict) else [entry.partition("=")[::2] for entry in value]
        for key, text in pairs:
            yield f"{words} {redact(key)}", _guarded(key, text or "(empty)")
        if not isinstance(value, dict):
            yield f"order of {words}s", _Order(tuple(redact(key) for key, _ in pairs))

    return read


def _each(words: str) -> Callable[[Any], Iterator[tuple[str, _Value]]]:
    def read(value: Any) -> Iterator[tuple[str, _Value]]:
        for each in value:
            text = _compact(each)
            yield f"{words}{_ITEM}{redact(text)}", _guarded(words, text)
        yield f"order of {words}s", _Order(tuple(redact(_compact(each)) for each in value))

    return read


def _named(
    words: str, name: Callable[[Any], str], show: Callable[[Any], str], text: Callable[[Any], str] = _compact
) -> Callable[[Any], Iterator[tuple[str, _Value]]]:
    """Read a list of objects, each with a name of its own. Their texts are compared, and they are shown in words."""

    def read(value: Any) -> Iterator[tuple[str, _Value]]:
        for item in value:
            yield f"{words} {redact(name(item))}", _worded(words, text(item), show(item))
        yield f"order of {words}s", _Order(tuple(redact(name(each)) for each in value))

    return read


def _line(words: str) -> Callable[[Any], Iterator[tuple[str, _Value]]]:
    """Read a command line, in which values of secrets are masked (``--password x``)."""

    def read(value: Any) -> Iterator[tuple[str, _Value]]:
        line, shown = shlex.join(map(str, value)), " ".join(masked_words(value))
        yield words, line if MASK not in shown else _Hidden(line, shown)

    return read


def _health(value: Any) -> Iterator[tuple[str, _Value]]:
    yield "health check", _worded("health check", _compact(value), health_words(value))


def _file_name(each: Mapping[str, Any]) -> str:
    file = each.get("File") or {}
    return str(file.get("Name") or each.get("SecretName") or each.get("ConfigName") or "?")


def _reference(each: Mapping[str, Any]) -> str:
    """Return the name of a config or secret, or the whole reference if its id or its file's rights add something."""
    name, file = each.get("SecretName") or each.get("ConfigName"), each.get("File") or {}
    usual = (file.get("UID", "0"), file.get("GID", "0"), file.get("Mode")) == ("0", "0", READABLE)
    return str(name) if usual and {each.get("SecretID"), each.get("ConfigID")} <= {None, name} else _compact(each)


def _port(each: Mapping[str, Any]) -> str:
    return f"{each.get('PublishedPort', 'auto')}:{each.get('TargetPort')}/{each.get('Protocol', 'tcp')}"


_CONTAINER: Final = ("TaskTemplate", "ContainerSpec")
_LIMITS: Final = ("TaskTemplate", "Resources", "Limits")
_RESERVED: Final = ("TaskTemplate", "Resources", "Reservations")
_LISTS: Final[Mapping[tuple[str, ...], Callable[[Any], Iterable[tuple[str, _Value]]]]] = {
    ("Labels",): _pairs("label"),
    (*_CONTAINER, "Labels"): _pairs("container label"),
    (*_CONTAINER, "Env"): _pairs("environment variable"),
    (*_CONTAINER, "Command"): _line("command"),
    (*_CONTAINER, "Args"): _line("arguments"),
    (*_CONTAINER, "Mounts"): _named("mount", lambda each: str(each.get("Target")), mount_words),
    (*_CONTAINER, "Secrets"): _named("secret", _file_name, file_words, _reference),
    (*_CONTAINER, "Configs"): _named("config", _file_name, file_words, _reference),
    (*_CONTAINER, "Healthcheck"): _health,
    ("TaskTemplate", "Placement", "Constraints"): _each("constraint"),
    ("TaskTemplate", "Networks"): _named("network", lambda each: str(each.get("Target")), network_words),
    ("EndpointSpec", "Ports"): _named("port", _port, port_words),
}
_SCALARS: Final[Mapping[tuple[str, ...], tuple[str, Callable[[Any], str]]]] = {
    ("Name",): ("name", _compact),
    (*_CONTAINER, "Image"): ("image", _compact),
    (*_CONTAINER, "StopGracePeriod"): ("stop grace period", _duration),
    (*_CONTAINER, "User"): ("user", _compact),
    (*_CONTAINER, "Hostname"): ("host name", _compact),
    (*_LIMITS, "NanoCPUs"): ("CPU limit", _cpus),
    (*_LIMITS, "MemoryBytes"): ("memory limit", write_size),
    (*_RESERVED, "NanoCPUs"): ("CPU reservation", _cpus),
    (*_RESERVED, "MemoryBytes"): ("memory reservation", write_size),
    ("TaskTemplate", "RestartPolicy", "Condition"): ("restart condition", _compact),
    ("TaskTemplate", "RestartPolicy", "Delay"): ("restart delay", _duration),
    ("TaskTemplate", "Placement", "MaxReplicas"): ("maximum replicas per node", _compact),
    ("TaskTemplate", "ForceUpdate"): ("forced restarts", _compact),
    ("EndpointSpec", "Mode"): ("endpoint mode", _compact),
}
