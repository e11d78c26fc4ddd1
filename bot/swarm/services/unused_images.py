"""Which images of a host are unused: by containers, by tasks, and by specs that a service has or could return to.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.model import Facts, ImageFacts
from bot.text.image_names import is_named


def unused_images(facts: Facts, host: str) -> tuple[ImageFacts, ...]:
    """Return the images of a host that can be removed, each before the one that it was made from, otherwise by id.

    The order is part of what people confirm, and an engine lists images of the same second in any order.

    An image stays if a container of the host uses it, if a task that has not ended or a service names it (by tag,
    digest or id), now, in the spec before or in its last good one, and if one that stays was made from it. An image
    whose names cannot be read stays too. Empty if services or images were not read.
    """
    found = facts.hosts[host].images if host in facts.hosts else None
    if facts.swarm is None or found is None:
        return ()
    wanted = frozenset(wanted_images(facts))
    by_id = {image.id: image for image in found}
    needed: set[str] = set()
    for image in found:
        if image.in_use or is_named(image.id, image.names, wanted):
            needed.update(_line(image, by_id))
    parents = {image.parent for image in found}
    unused = [image for image in found if image.id not in needed and (image.names or image.id not in parents)]
    return tuple(sorted(unused, key=lambda image: (-len(_line(image, by_id)), image.id)))


def wanted_images(facts: Facts) -> Iterator[str]:
    """Yield the images that tasks and services name, as they name them."""
    if facts.swarm is None:
        return
    for service in facts.swarm.services:
        good = facts.good_specs.get(service.id)
        for spec in (service.spec, service.previous_spec, good.spec if good else None):
            yield from _image((spec or {}).get("TaskTemplate"))
    for task in facts.swarm.task_list:
        if not task.ended:
            yield from _image(task.spec)


def _image(template: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield the image of a ``TaskTemplate``; a plugin has none."""
    if image := ((template or {}).get("ContainerSpec") or {}).get("Image"):
        yield str(image)


def _line(image: ImageFacts, by_id: Mapping[str, ImageFacts]) -> list[str]:
    """Return the ids of the image, of the one that it was made from, and so on."""
    line = [image.id]
    while (parent := by_id.get(by_id[line[-1]].parent)) and parent.id not in line:
        line.append(parent.id)
    return line
