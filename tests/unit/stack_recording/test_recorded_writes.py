"""What Docker's CLI leaves out of its writes."""

from __future__ import annotations

from typing import Any

from bot.model import StackObject, StackWrite
from bot.model.service import NO_PLATFORM
from bot.stack_recording.recorded_writes import place_of, with_names, with_platforms

PLATFORMS = [{"Architecture": "amd64", "OS": "linux"}]


def spec(image: str, **placement: Any) -> dict[str, Any]:
    """Return a service's spec."""
    return {"Name": "app_web", "TaskTemplate": {"ContainerSpec": {"Image": image}, "Placement": placement}}


LIVE = (StackObject("service", "id-web", "app_web", 1, spec("web:1@sha256:ab", Platforms=PLATFORMS)),)


def update(image: str) -> StackWrite:
    """Return an update by the CLI that asked no registry."""
    return StackWrite("update", "service", "app_web", "id-web", "1.41", spec(image, Constraints=["node.id!=a"]))


def test_the_platforms_of_an_image_that_stays_are_kept() -> None:
    """Another image has others; and what is no update of a service is as it was."""
    [write] = with_platforms([update("web:1@sha256:ab")], LIVE)
    assert write.body["TaskTemplate"]["Placement"] == {"Constraints": ["node.id!=a"], "Platforms": PLATFORMS}
    removal = StackWrite("delete", "service", "app_web", "id-web", "")
    new = StackWrite("create", "service", "app_db", "virtual", "1.41", spec("web:1@sha256:ab"))
    others = [update("web:1"), update("web:1@sha256:cd"), removal, new]
    assert with_platforms(others, LIVE) == others


def test_a_deploy_ends_the_pause_of_a_rollout() -> None:
    """The platform that no node has is not kept."""
    paused = StackObject("service", "id-web", "app_web", 1, spec("web:1@sha256:ab", Platforms=[dict(NO_PLATFORM)]))
    [write] = with_platforms([update("web:1@sha256:ab")], [paused])
    assert "Platforms" not in write.body["TaskTemplate"]["Placement"]


def test_removals_get_their_names_and_come_last() -> None:
    """Services before what they use, as ``docker stack rm`` does."""
    secret = StackObject("secret", "id-s", "app_s")
    writes = [
        StackWrite("delete", "secret", "", "id-s", "1.41"),
        StackWrite("delete", "service", "", "id-web", "1.41"),
        update("web:1"),
        StackWrite("create", "network", "app_net", "virtual", "1.41"),
    ]
    found = sorted(with_names(writes, (*LIVE, secret)), key=place_of)
    assert [f"{each.action} {each.name}" for each in found] == [
        "create app_net",
        "update app_web",
        "delete app_web",
        "delete app_s",
    ]
