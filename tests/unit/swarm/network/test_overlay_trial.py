"""The trial of the overlay removes what it made, also on a host that fails in between."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from bot.engine.probes.overlay_trial import EngineOverlayTrial
from bot.errors import EngineError
from bot.model import Mesh
from bot.swarm.network.overlay_trial import try_overlay
from bot.swarm.network.routes import Peer

REASON = "`host-1` refused another SSH session for 30 s."


def test_an_image_is_removed_even_if_its_container_is_not() -> None:
    """The failure is still raised."""
    asked: list[str] = []

    def change(method: str, path: str, **_: object) -> None:
        asked.append(f"{method} {path}")
        if "containers" in path:
            raise EngineError("host-1", 0, REASON)

    client: Any = SimpleNamespace(change=change)
    with pytest.raises(EngineError, match="refused another"):
        EngineOverlayTrial(client, "trial").remove()
    assert asked == ["DELETE /containers/trial", "DELETE /images/trial"]


@pytest.mark.parametrize(("failures", "leftovers"), [(1, 0), (2, 1)])
def test_what_cannot_be_removed_is_tried_again(failures: int, leftovers: int) -> None:
    """What still cannot be removed is told."""
    tries: list[int] = []

    def remove() -> None:
        tries.append(len(tries))
        if len(tries) <= failures:
            raise EngineError("host-1", 0, REASON)

    mesh = _tried(remove)
    assert len(tries) == 2
    assert len(mesh.leftovers) == leftovers


def _tried(remove: Callable[[], None]) -> Mesh:
    trial = SimpleNamespace(
        **dict.fromkeys(("make_network", "remove_network", "forget"), lambda: None),
        start=lambda: "10.0.1.2",
        tell=lambda _: None,
        reached=frozenset,
        peers=lambda: frozenset({"10.0.0.1"}),
        remove=remove,
    )
    engine = SimpleNamespace(overlay_trial=lambda _: trial, left_trials=frozenset)

    class Engines(dict[str, Any]):
        def names(self) -> tuple[str, ...]:
            return (*self,)

    engines: Any = Engines({"host-1": engine})
    return try_overlay(engines, "host-1", [Peer("host-1", "10.0.0.1")])
