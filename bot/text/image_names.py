"""Names of images, as people, specs and engines write them, and whether they mean the same image."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

HUB: Final = ("index.docker.io/", "docker.io/", "library/")
"""The beginnings that engines omit from the name of an image of Docker Hub, in their order."""
DIGEST: Final = "sha256:"
HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class ImageName:
    """An image's name in its parts."""

    repository: str
    tag: str
    """``latest`` if it has neither tag nor digest."""
    digest: str


def is_named(image_id: str, names: Iterable[str], wanted: Collection[str]) -> bool:
    """Return whether a text in ``wanted`` may mean the image with these names, or its own names cannot be read.

    A text is a name with a tag or a digest, or an id or its beginning.
    """
    if any(_is_id(image_id, text) for text in wanted):
        return True
    named = [name for text in wanted if (name := image_name(text))]
    tags = {(name.repository, name.tag) for name in named if name.tag}
    digests = {name.digest for name in named if name.digest}
    own = [image_name(text) for text in names]
    return image_id in digests or any(
        name is None or (name.repository, name.tag) in tags or name.digest in digests for name in own
    )


def image_name(text: str) -> ImageName | None:
    """Return the parts of ``registry/repository:tag@digest``; None if it has no repository."""
    named, _, digest = text.partition("@")
    place, slash, last = named.rpartition("/")
    last, _, tag = last.partition(":")
    repository = place + slash + last
    for start in HUB:
        repository = repository.removeprefix(start)
    return ImageName(repository, tag or ("" if digest else "latest"), digest) if last else None


def registry_host(text: str) -> str:
    """Return the host of the registry that a name begins with; "" if there is none, as in a name of Docker Hub."""
    first, slash, _ = text.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else ""


def _is_id(image_id: str, text: str) -> bool:
    """Return whether ``text`` is the id of an image or its beginning, with ``sha256:`` or without."""
    start = text.removeprefix(DIGEST)
    return bool(start) and HEX.issuperset(start) and image_id.removeprefix(DIGEST).startswith(start)
