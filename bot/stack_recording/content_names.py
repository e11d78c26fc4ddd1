"""Names for other contents of configs and secrets: Docker never changes the content of one that exists. Pure.

A content that an existing object of the stack does not have is written as a new object: ``app_conf-1a2b3c4d``, with a
label that says which name of the compose file it stands for (docs/decisions/0033).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.model import BASE_NAME_LABEL, Action, ObjectType, StackObject, StackWrite
from bot.secrets.secret import Secret
from bot.stack_recording.recorder import virtual_id

MAX_NAME_CHARS: Final = 64
"""The most characters that an engine accepts in the name of a config or secret."""
HASH_CHARS: Final = 8

HasContent = Callable[[StackObject, Mapping[str, Any]], bool]
"""Returns whether an object of the cluster has the content of a body. Only an engine can say that of a secret."""
_REFERENCES: Final = (("Secrets", "Secret"), ("Configs", "Config"))


def with_content_names(
    stack: str, writes: Sequence[StackWrite], objects: Sequence[StackObject], key: Secret, has_content: HasContent
) -> tuple[tuple[StackWrite, ...], tuple[tuple[ObjectType, str], ...]]:
    """Return the writes with the object that has each content, also in the references of services.

    And the type and name of objects that are not the stack's own, and whose content is another one: they stay as they
    are. ``key`` is for the names of secrets, which must reveal nothing of the content.
    """
    found: list[StackWrite] = []
    instead: dict[str, StackWrite] = {}
    conflicts: list[tuple[ObjectType, str]] = []
    for write in writes:
        new: StackWrite | None = write
        if write.type in {"secret", "config"} and "Data" in write.body:
            new = _with_its_content(stack, write, objects, key, has_content)
        if new is None:
            conflicts.append((write.type, write.name))
        elif new.id != write.id:
            instead[write.id] = new
        found.append(new or write)
    return tuple(_referring(each, instead) if each.type == "service" else each for each in found), tuple(conflicts)


def content_name(type_: ObjectType, name: str, data: str, key: Secret) -> str:
    """Return the name of a content (Base64) of the config or secret that the compose file calls ``name``."""
    if type_ == "config":
        digest = hashlib.sha256(base64.b64decode(data)).hexdigest()
    else:
        text = json.dumps(["content name", name, data])
        digest = hmac.new(key.reveal().encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"{name[: MAX_NAME_CHARS - HASH_CHARS - 1]}-{digest[:HASH_CHARS]}"


def _with_its_content(
    stack: str, write: StackWrite, objects: Sequence[StackObject], key: Secret, has_content: HasContent
) -> StackWrite | None:
    """Return the write of the object that has, or will have, the content; None if that is not possible."""
    same_type = [each for each in objects if each.type == write.type]
    known = next((each for each in same_type if each.name == write.name), None)
    versions = [each for each in same_type if each.stack == stack and each.base_name == write.name]
    if known is not None and known not in versions:
        return write if has_content(known, write.body) else None
    if not versions:
        return write
    name = content_name(write.type, write.name, write.body["Data"], key)
    # The likely ones first: an engine is asked for the content of each secret.
    for version in sorted(versions, key=lambda version: (version.name != name, version is not known, -version.version)):
        if has_content(version, {**write.body, "Name": version.name}):
            return write if version is known else _renamed(write, "update", version.name, version.id)
    if any(each.name == name for each in same_type):
        return None
    return _renamed(write, "create", name, virtual_id(write.type, name))


def _renamed(write: StackWrite, action: Action, name: str, identity: str) -> StackWrite:
    labels = {**(write.body.get("Labels") or {}), BASE_NAME_LABEL: write.name}
    body = {**write.body, "Name": name, "Labels": labels}
    return replace(write, action=action, name=name, id=identity, body=body, base=write.name)


def _referring(write: StackWrite, instead: Mapping[str, StackWrite]) -> StackWrite:
    """Return the write of a service whose references name the objects that are written ``instead``, by id."""
    template = write.body.get("TaskTemplate") or {}
    container = dict(template.get("ContainerSpec") or {})
    for section, what in _REFERENCES:
        if container.get(section):
            container[section] = [_reference(each, what, instead) for each in container[section]]
    privileges = container.get("Privileges") or {}
    credential = privileges.get("CredentialSpec") or {}
    if credential.get("Config") in instead:
        credential = {**credential, "Config": instead[credential["Config"]].id}
        container["Privileges"] = {**privileges, "CredentialSpec": credential}
    if container == (template.get("ContainerSpec") or {}):
        return write
    return replace(write, body={**write.body, "TaskTemplate": {**template, "ContainerSpec": container}})


def _reference(each: Mapping[str, Any], what: str, instead: Mapping[str, StackWrite]) -> Mapping[str, Any]:
    new = instead.get(each.get(f"{what}ID", ""))
    return {**each, f"{what}ID": new.id, f"{what}Name": new.name} if new else each
