"""Which images of a host nothing needs: no container, no task, no spec that a service has or could return to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.model import Facts, ImageFacts

HUB: Final = ("index.docker.io/", "docker.io/", "library/")
"""The beginnings that engines leave out of the name of an image of Docker Hub, in their order."""
DIGEST: Final = "sha256:"
HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class _Name:
    """An image's name in its parts."""

    repository: str
    tag: str
    """``latest`` if it has neither tag nor digest."""
    digest: str


def unused_images(facts: Facts, host: str) -> tuple[ImageFacts, ...]:
    """Return the images of a host that can be removed, each before the one that it was made from.

    An image stays if a container of the host uses it, if a task that has not ended or a service names it (by tag,
    digest or id), now, in the spec before or in its last good one, and if one that stays was made from it. So does one
    whose names cannot be read. Empty if services or images were not read.
    """
    found = facts.hosts[host].images if host in facts.hosts else None
    if facts.swarm is None or found is None:
        return ()
    wanted = frozenset(wanted_images(facts))
    by_id = {image.id: image for image in found}
    kept: set[str] = set()
    for image in found:
        if image.in_use or _is_wanted(image, wanted):
            kept.update(_line(image, by_id))
    parents = {image.parent for image in found}
    unused = [image for image in found if image.id not in kept and (image.names or image.id not in parents)]
    return tuple(sorted(unused, key=lambda image: -len(_line(image, by_id))))


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


def _is_wanted(image: ImageFacts, wanted: frozenset[str]) -> bool:
    """Return whether one of the names in ``wanted`` may mean the image, or its own names cannot be read."""
    if any(_is_id(image.id, text) for text in wanted):
        return True
    named = [name for text in wanted if (name := _parse(text))]
    tags = {(name.repository, name.tag) for name in named if name.tag}
    digests = {name.digest for name in named if name.digest}
    own = [_parse(text) for text in image.names]
    return image.id in digests or any(
        name is None or (name.repository, name.tag) in tags or name.digest in digests for name in own
    )


def _is_id(image_id: str, text: str) -> bool:
    """Return whether ``text`` is the id of an image or its beginning, with ``sha256:`` or without."""
    start = text.removeprefix(DIGEST)
    return bool(start) and HEX.issuperset(start) and image_id.removeprefix(DIGEST).startswith(start)


def _parse(text: str) -> _Name | None:
    """Return the parts of ``registry/repository:tag@digest``; None if it has no repository."""
    named, _, digest = text.partition("@")
    place, slash, last = named.rpartition("/")
    last, _, tag = last.partition(":")
    repository = place + slash + last
    for start in HUB:
        repository = repository.removeprefix(start)
    return _Name(repository, tag or ("" if digest else "latest"), digest) if last else None


def _line(image: ImageFacts, by_id: Mapping[str, ImageFacts]) -> list[str]:
    """Return the ids of the image, of the one that it was made from, and so on."""
    line = [image.id]
    while (parent := by_id.get(by_id[line[-1]].parent)) and parent.id not in line:
        line.append(parent.id)
    return line
