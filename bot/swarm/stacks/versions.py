"""Old contents of a stack's configs and secrets: which of them are removed after a deploy. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from bot.model import Facts, ObjectType, StackObject, StackRecording, StackWrite


def old_versions(facts: Facts, recording: StackRecording, pending: Iterable[StackWrite]) -> tuple[StackObject, ...]:
    """Return the configs and secrets of the stack to remove after these writes.

    ``keep_versions`` of each name are kept, the newest ones, and those that a service will use or could return to.
    """
    pending = tuple(pending)
    used = json.dumps([*_specs_after(facts, pending)])
    groups: dict[tuple[ObjectType, str], list[StackObject]] = {}
    for member in sorted(recording.members, key=lambda each: (each.type, -each.version)):
        if member.type in {"secret", "config"}:
            groups.setdefault((member.type, member.base_name), []).append(member)
    found = []
    for group, versions in groups.items():
        new = sum(write.action == "create" and (write.type, write.base) == group for write in pending)
        found += [each for each in versions[max(recording.keep_versions - new, 0) :] if each.id not in used]
    return tuple(found)


def in_use(facts: Facts, identity: str) -> bool:
    """Return whether a service uses an object, or could return to a spec that does."""
    return identity in json.dumps([*_specs_after(facts, ())])


def _specs_after(facts: Facts, pending: Iterable[StackWrite]) -> Iterable[Mapping[str, Any]]:
    """Yield the specs that services have after these writes, and those that a rollback would return to."""
    written = {write.id: write for write in pending if write.type == "service"}
    for write in written.values():
        if write.action != "delete":
            yield write.body
    for service in facts.swarm.services if facts.swarm else ():
        changed = written.get(service.id)
        if changed is not None and changed.action == "delete":
            continue
        yield dict(service.spec)
        if changed is None and service.previous_spec:
            yield dict(service.previous_spec)
        if good := facts.good_specs.get(service.id):
            yield dict(good.spec)
