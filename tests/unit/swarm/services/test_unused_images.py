"""Which images of a host may go: never one that a container uses, or that a task or a service names in any way."""

from __future__ import annotations

from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import Facts, ImageFacts
from bot.swarm.services.unused_images import unused_images
from tests.kits.examples import examples
from tests.plans.description import Description

REPOSITORIES: Final = ("web", "team/web", "registry.example:5000/web", "localhost/a/b")
TAGS: Final = ("latest", "1", "2.0-rc1")
PLACES: Final = ("spec", "previous", "good", "task")


def described(images: list[dict[str, Any]], named: str = "", place: str = "spec") -> Facts:
    """Return facts with these images on host-1, and with a service that names one of them at ``place``."""
    naming = {"TaskTemplate": {"ContainerSpec": {"Image": named}}}
    service: dict[str, Any] = {"image": named if named and place == "spec" else "none/of/these:0"}
    if place == "previous":
        service["previous"] = naming
    return Description.model_validate(
        {
            "hosts": {"host-1": {"is": "leader", "images": images}},
            "services": {"web": service},
            "good_specs": {"web": naming} if place == "good" else {},
            "task_list": [{"service": "web", "node": "id-host-1", "state": "running", "image": named}]
            if place == "task"
            else [],
        }
    ).facts()


@st.composite
def some_images(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return images with names of their own; each is made from a later one, or from none."""
    count = draw(st.integers(1, 6))
    tags = draw(st.permutations([f"{repository}:{tag}" for repository in REPOSITORIES for tag in TAGS]))
    images = []
    for place in range(count):
        names = [*tags[2 * place : 2 * place + draw(st.integers(0, 2))]]
        if draw(st.booleans()):
            names.append(f"{draw(st.sampled_from(REPOSITORIES))}@sha256:{place:064x}")
        parent = draw(st.sampled_from(["", *(f"{other:x}" * 12 for other in range(place + 1, count))]))
        images.append({"id": f"{place:x}" * 12, "names": names, "in_use": draw(st.booleans()), "parent": parent})
    return images


def spellings(image: dict[str, Any]) -> list[str]:
    """Return what a spec may say to mean the image."""
    told = [image["id"], f"sha256:{image['id']}", image["id"][:7]]
    for name in image["names"]:
        repository, _, digest = name.partition("@")
        if digest:
            told += [name, f"{repository}:moved@{digest}", f"mirror.example/other@{digest}"]
            continue
        hub = [f"docker.io/library/{name}", f"index.docker.io/library/{name}"] if "/" not in name else []
        told += [name, *hub, f"{name}@sha256:{'f' * 64}"]
        told += [name.removesuffix(":latest")] if name.endswith(":latest") else []
    return told


def line(images: list[dict[str, Any]], image: dict[str, Any]) -> set[str]:
    """Return the ids of an image and of all that it is made from."""
    by_id = {each["id"]: each for each in images}
    found = {f"sha256:{image['id']}"}
    while image["parent"]:
        image = by_id[image["parent"]]
        found.add(f"sha256:{image['id']}")
    return found


def ids(images: tuple[ImageFacts, ...]) -> list[str]:
    """Return the ids."""
    return [image.id for image in images]


@settings(max_examples=examples(600))
@given(some_images(), st.sampled_from(PLACES), st.data())
def test_an_image_that_is_named_is_never_chosen(images: list[dict[str, Any]], place: str, data: st.DataObject) -> None:
    """By tag, by digest or by id, now or before; nor what it was made from."""
    image = data.draw(st.sampled_from(images))
    named = data.draw(st.sampled_from(spellings(image)))
    chosen = ids(unused_images(described(images, named, place), "host-1"))
    assert line(images, image).isdisjoint(chosen)


@settings(max_examples=examples(300))
@given(some_images())
def test_what_nothing_needs_is_chosen(images: list[dict[str, Any]]) -> None:
    """All but what a container uses, directly or below; an image comes before the one that it was made from.

    What has no name and is only part of others goes with them.
    """
    chosen = ids(unused_images(described(images), "host-1"))
    kept = set[str]().union(*(line(images, image) for image in images if image["in_use"]))
    parents = {image["parent"] for image in images}
    named = {f"sha256:{image['id']}" for image in images if image["names"] or image["id"] not in parents}
    assert set(chosen) == named - kept
    for image in images:
        above = f"sha256:{image['id']}"
        below = line(images, image) - {above}
        assert above not in chosen or all(chosen.index(above) < chosen.index(each) for each in below & {*chosen})


@settings(max_examples=examples(200))
@given(some_images(), st.data())
def test_the_order_of_the_engine_changes_nothing(images: list[dict[str, Any]], data: st.DataObject) -> None:
    """What was confirmed is the same plan after the engine has listed its images in another order."""
    listed = data.draw(st.permutations(images))
    assert unused_images(described(listed), "host-1") == unused_images(described(images), "host-1")


def test_an_image_whose_name_cannot_be_read_stays() -> None:
    """It may be one that a service means."""
    images = [{"id": "aa", "names": ["broken/:1"]}, {"id": "bb", "names": [""]}, {"id": "cc", "names": ["web:1"]}]
    assert ids(unused_images(described(images), "host-1")) == ["sha256:cc"]


def test_nothing_is_chosen_where_nothing_was_read() -> None:
    """Without the services or the images of the host, nothing is known to be unused."""
    images = {"images": [{"id": "aa", "names": ["web:1"]}]}
    hosts = {"host-1": {"is": "leader", **images}, "host-2": {"is": "worker", "images": None}}
    assert unused_images(Description.model_validate({"hosts": hosts}).facts(), "host-2") == ()
    assert unused_images(Description.model_validate({"hosts": hosts, "readable": False}).facts(), "host-1") == ()
    assert unused_images(Description.model_validate({"hosts": hosts}).facts(), "host-9") == ()
