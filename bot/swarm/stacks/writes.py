"""The recorded writes of a deploy: which of them change something, and what an approval binds to. Pure.

Docker's CLI posts an update for every service, config and secret, changed or not. One that changes nothing is not
carried out: it would make the spec before the last update unreachable for a rollback (docs/decisions/0033).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from bot.model import REMOVAL_ORDER, ObjectType, StackObject, StackRecording, StackWrite
from bot.swarm.services.spec.same_spec import normalised

_REFERENCES: Final = (("Secrets", "SecretID"), ("Configs", "ConfigID"))


def canonical(recording: StackRecording, type_: ObjectType, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec without redundant values, with names in place of ids. It holds secrets.

    In this way a spec of the CLI, whose references are names or virtual ids, can be compared with one of the engine.
    """
    if type_ != "service":
        return normalised(spec)
    names = _names(recording)
    found = normalised(spec, names)
    container = (found.get("TaskTemplate") or {}).get("ContainerSpec") or {}
    for section, key in _REFERENCES:
        if section in container:
            container[section] = [{**each, key: names.get(each.get(key), each.get(key))} for each in container[section]]
    credential = (container.get("Privileges") or {}).get("CredentialSpec") or {}
    if identity := credential.get("Config"):
        credential["Config"] = names.get(identity, identity)
    return found


def before(recording: StackRecording, write: StackWrite) -> StackObject | None:
    """Return the object that an update or a removal rests on; None if there is none."""
    return next((each for each in recording.objects if (each.type, each.id) == (write.type, write.id)), None)


def pending_writes(recording: StackRecording) -> tuple[StackWrite, ...]:
    """Return the writes that change something, in their order."""
    return tuple(write for write in recording.writes if not changes_nothing(recording, write))


def changes_nothing(recording: StackRecording, write: StackWrite) -> bool:
    """Return whether an update sends what the cluster has. An engine never reveals the content of a secret."""
    known = before(recording, write)
    if write.action != "update" or known is None:
        return False
    left = "Data" if write.type == "secret" else ""
    one, other = canonical(recording, write.type, known.spec), canonical(recording, write.type, write.body)
    return _without(one, left) == _without(other, left)


def removal(known: StackObject) -> StackWrite:
    """Return the write that removes an object."""
    return StackWrite("delete", known.type, known.name, known.id, "")


def removals(recording: StackRecording) -> tuple[StackWrite, ...]:
    """Return the writes that remove a stack, in their order."""
    members = sorted(recording.members, key=lambda each: (REMOVAL_ORDER.index(each.type), each.name))
    return tuple(map(removal, members))


def digest(recording: StackRecording, write: StackWrite) -> str:
    """Return what an approval binds to: the write, what it rests on, and the CLI that wrote it.

    It is stored, so it is made with a key: the content of a secret cannot be tried out with it.
    """
    known = before(recording, write)
    parts: list[object] = [write.action, write.type, write.name]
    if known is not None:
        parts += [known.id, canonical(recording, known.type, known.spec)]
    if write.action != "delete":
        parts += [recording.cli, canonical(recording, write.type, write.body)]
    return keyed(recording, parts)


def spec_digest(recording: StackRecording, spec: Mapping[str, Any]) -> str:
    """Return a digest of a service's spec, to recognize it later."""
    return keyed(recording, canonical(recording, "service", spec))


def keyed(recording: StackRecording, value: object) -> str:
    """Return the HMAC-SHA-256, in hex, of a value as JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hmac.new(recording.key.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()


def missing_references(recording: StackRecording, write: StackWrite) -> tuple[str, ...]:
    """Return the objects that the write needs and that do not exist yet, by name."""
    body = json.dumps(write.body)
    return tuple(each.name for each in recording.writes if each.action == "create" and f'"{each.id}"' in body)


def _names(recording: StackRecording) -> dict[str, str]:
    known = {each.id: each.name for each in recording.objects}
    return known | {write.id: write.name for write in recording.writes if write.action == "create"}


def _without(spec: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in spec.items() if name != key}
