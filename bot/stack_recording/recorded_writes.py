"""What Docker's CLI leaves out of the writes that it sends: names, an order, and the platforms of an image. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.model import OBJECT_TYPES, REMOVAL_ORDER, StackObject, StackWrite
from bot.model.service import NO_PLATFORM


def with_names(writes: Iterable[StackWrite], objects: Sequence[StackObject]) -> list[StackWrite]:
    """Return the writes with the name of each object: a removal has only its id."""
    names = {each.id: each.name for each in objects}
    return [write if write.name else replace(write, name=names.get(write.id, write.id)) for write in writes]


def place_of(write: StackWrite) -> tuple[bool, int, str]:
    """Return what a write is sorted by, in the order of carrying them out; the CLI sends them in a random one.

    Removals come last, by type, then by name.
    """
    removes = write.action == "delete"
    return removes, (REMOVAL_ORDER if removes else OBJECT_TYPES).index(write.type), write.name


def with_platforms(writes: Iterable[StackWrite], objects: Sequence[StackObject]) -> list[StackWrite]:
    """Return the writes with the platforms of images for which the CLI did not ask a registry again.

    With ``--resolve-image changed`` it keeps the digest that a service has, but not the platforms that a registry gave
    with it (measured with 28.2.2).
    """
    live = {each.id: each.spec for each in objects if each.type == "service"}
    return [
        replace(write, body=_with_platforms(live[write.id], write.body)) if write.id in live and write.body else write
        for write in writes
    ]


def _with_platforms(live: Mapping[str, Any], body: Mapping[str, Any]) -> Mapping[str, Any]:
    old, new = live.get("TaskTemplate") or {}, body.get("TaskTemplate") or {}
    platforms = (old.get("Placement") or {}).get("Platforms")
    placement = new.get("Placement") or {}
    paused = platforms == [NO_PLATFORM]  # a deploy ends the pause of a rollout
    if not platforms or paused or placement.get("Platforms") or _image(old) != _image(new):
        return body
    return {**body, "TaskTemplate": {**new, "Placement": {**placement, "Platforms": platforms}}}


def _image(template: Mapping[str, Any]) -> object:
    return (template.get("ContainerSpec") or {}).get("Image")
