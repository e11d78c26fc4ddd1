"""The removal of images: one by one without force, only what is still unused, and reported as it was seen."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.errors import EngineError, Failed
from bot.model import Engines, Facts
from bot.swarm.operations import PlannedImage, RemoveImages
from tests.plans.description import Description

OLD = PlannedImage("sha256:aa", ("old:1",))
TWO = PlannedImage("sha256:bb", ("old:2", "old:stable", "old@sha256:22"))
OPERATION = RemoveImages("host-2", (OLD, TWO), 3 * 1024**2)
AA = {"id": "aa", "names": ["old:1"]}
BB = {"id": "bb", "names": ["old:2", "old:stable", "old@sha256:22"]}


def seen(*images: dict[str, Any], services: dict[str, Any] | None = None, **host: Any) -> Facts:
    """Return facts with these images on host-2."""
    hosts = {"host-1": {"is": "leader"}, "host-2": {"is": "worker", "images": images, **host}}
    return Description.model_validate({"hosts": hosts, "services": services or {}}).facts()


class Engine:
    """An engine that notes what is removed, and refuses what ``refusals`` names."""

    def __init__(self, **refusals: int) -> None:
        self.removed: list[str] = []
        self.refusals = {f"sha256:{image}": status for image, status in refusals.items()}

    def __getitem__(self, host: str) -> Engine:
        """Return the engine."""
        assert host == "host-2"
        return self

    def remove_image(self, image: str) -> None:
        """Note it, or refuse."""
        if status := self.refusals.get(image):
            raise EngineError("host-2", status, f"conflict {image}")
        self.removed.append(image)

    def apply(self, facts: Facts) -> list[str]:
        """Return what the operation removes."""
        OPERATION.apply(cast("Engines", self), facts)
        return self.removed


def test_names_go_first_and_then_the_image() -> None:
    """An engine refuses to remove an image by its id while it has several names."""
    assert Engine().apply(seen(AA, BB)) == ["sha256:aa", "old:2", "old:stable", "sha256:bb"]
    assert Engine(bb=404).apply(seen(AA, BB)) == ["sha256:aa", "old:2", "old:stable"]


@pytest.mark.parametrize(
    "changed",
    [
        seen({**AA, "in_use": True}, BB),
        seen({**AA, "names": ["old:1", "new:1"]}, BB),
        seen(AA, BB, services={"web": {"image": "old:1"}}),
        seen(AA, BB, {"id": "cc", "names": ["new:1"], "in_use": True, "parent": "aa"}),
    ],
    ids=["used", "with another name", "named by a service", "part of another"],
)
def test_an_image_that_came_into_use_stays(changed: Facts) -> None:
    """It is as if it had not been planned, and is reported as kept."""
    assert Engine().apply(changed) == ["old:2", "old:stable", "sha256:bb"]
    assert not OPERATION.satisfied(changed)
    assert OPERATION.progress(changed) == "1 image left"


def test_the_end_tells_what_was_seen() -> None:
    """Removed or in use is done. Without a reading nothing is."""
    assert OPERATION.satisfied(seen())
    assert OPERATION.seen(seen()) == "2 images of `host-2` removed: `old:1` and `old:2`"
    kept = seen({**BB, "in_use": True})
    assert OPERATION.satisfied(kept)
    assert OPERATION.seen(kept) == "1 image of `host-2` removed: `old:1`; kept, because used or named by now: `old:2`"
    assert not OPERATION.satisfied(seen(AA))
    assert not OPERATION.satisfied(seen(failure="timed out"))
    assert not OPERATION.satisfied(Description.model_validate({"hosts": {"host-2": {}}, "readable": False}).facts())


def test_a_refused_image_does_not_stop_the_others() -> None:
    """The engine's words are the error, unless the image turns out to be in use."""
    engine = Engine(aa=409)
    with pytest.raises(EngineError, match="conflict sha256:aa"):
        engine.apply(seen(AA, BB))
    assert engine.removed == ["old:2", "old:stable", "sha256:bb"]
    with pytest.raises(EngineError, match="conflict sha256:aa"):
        Engine(aa=500).apply(seen(AA))


def test_a_failure_says_what_is_left() -> None:
    """Nothing is claimed about a node that no longer responds."""
    error = Failed("It broke.")
    told = OPERATION.settle(cast("Engines", Engine()), seen(AA), error)
    assert told.true_now == "1 of 2 images of `host-2` removed."
    assert told.next_step == "Run `/swarm prune host-2` again."
    told = OPERATION.settle(cast("Engines", Engine()), seen(failure="timed out"), error)
    assert told.true_now == "The images of `host-2` cannot be read: which of them were removed is unknown."


def test_a_step_names_some_images() -> None:
    """If there are more, it says how many."""
    images = tuple(PlannedImage(f"sha256:{place:064x}", (f"old:{place}",)) for place in range(12))
    assert RemoveImages("host-2", images, 3 * 1024**2).doing == (
        "removing 12 images of `host-2` (frees at most 3 MiB): `old:0`, `old:1`, `old:2`, `old:3`, `old:4`, "
        "`old:5`, `old:6`, `old:7`, `old:8`, `old:9` and 2 more"
    )
    nameless = RemoveImages("host-2", (PlannedImage(f"sha256:{'ab' * 32}", ()),), 0)
    assert nameless.doing == "removing 1 image of `host-2` (frees at most 0 B): `abababababab`"
