"""An image is looked for on the nodes that accept tasks, and then in its registry."""

from __future__ import annotations

from typing import Any, cast

import pytest

from bot.errors import EngineError
from bot.model import Engines
from bot.swarm.reading.image_reader import read_image_trouble
from tests.plans.description import Description

REFUSED = "manifest unknown"


class Registry:
    """A manager whose registry has one image."""

    host = "host-1"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getitem__(self, _: str) -> Registry:
        """Return the manager."""
        return self

    def check_registry(self, image: str) -> None:
        """Confirm ``nginx:there`` alone."""
        self.asked.append(image)
        if image != "nginx:there":
            raise EngineError(self.host, 404, REFUSED)


@pytest.mark.parametrize(
    ("image", "availability", "trouble", "asked"),
    [
        ("nginx:1.25", "active", "", False),
        ("docker.io/library/nginx:1.25", "active", "", False),
        ("nginx:1.25", "drain", REFUSED, True),
        ("nginx:there", "active", "", True),
        ("nginx:nope", "active", REFUSED, True),
    ],
)
def test_the_registry_is_asked_only_if_no_active_node_has_the_image(
    image: str, availability: str, trouble: str, *, asked: bool
) -> None:
    """A drained node runs no task, even if it has the image."""
    stored = [{"id": "aa", "names": ["nginx:1.25"]}]
    worker: dict[str, Any] = {"is": "worker", "images": stored, "record": {"availability": availability}}
    facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}, "host-2": worker}}).facts()
    assert facts.swarm is not None
    registry = Registry()
    assert read_image_trouble(cast("Engines", registry), facts.hosts, facts.swarm, image) == trouble
    assert registry.asked == ([image] if asked else [])
