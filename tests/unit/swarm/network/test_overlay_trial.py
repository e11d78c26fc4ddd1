"""The trial of the overlay removes what it made, also on a host that fails in between."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from bot.engine.api.overlay_trial import EngineOverlayTrial
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
    """What still cannot be removed is reported."""
    tries: list[int] = []

    def remove() -> None:
        tries.append(len(tries))
        if len(tries) <= failures:
            raise EngineError("host-1", 0, REASON)

    mesh = _tried(remove)
    assert len(tries) == 2
    assert len(mesh.leftovers) == leftovers


@pytest.mark.parametrize(
    ("rounds", "reached", "unsure"),
    [
        ([{"10.0.1.2"}], {"host-2"}, set()),
        ([set(), {"10.0.1.2"}], {"host-2"}, set()),
        ([set(), set()], set(), set()),
        ([set(), None], set(), {"host-2"}),
    ],
    ids=["at once", "at the second try", "never", "no second try"],
)
def test_a_route_is_tried_twice_before_it_counts_as_cut(
    rounds: list[set[str] | None], reached: set[str], unsure: set[str]
) -> None:
    """A busy host may fail once. If its container does not report again, the route is unsure."""
    told: list[list[str]] = []

    def answer() -> frozenset[str]:
        found = rounds[len(told) - 1]
        if found is None:
            raise EngineError("host-1", 0, REASON)
        return frozenset(found)

    first = _trial("10.0.1.1", tell=told.append, reached=answer)
    second = _trial("10.0.1.2", reached=lambda: frozenset({"10.0.1.1"}))
    mesh = _mesh({"host-1": first, "host-2": second})
    assert told == [["10.0.1.2"]] * len(rounds)
    assert mesh.reached["host-1"] == reached
    assert mesh.unsure.get("host-1", frozenset()) == unsure
    assert not mesh.skipped


def _tried(remove: Callable[[], None]) -> Mesh:
    return _mesh({"host-1": _trial("10.0.1.1", remove=remove)})


def _trial(address: str, **parts: Callable[..., Any]) -> SimpleNamespace:
    """Return a trial of a host whose container has this address. The numbers of host and container are the same."""
    peers = frozenset({"10.0.0.1", "10.0.0.2"})
    whole: dict[str, Any] = dict.fromkeys(("make_network", "remove_network", "forget", "remove"), lambda: None)
    whole |= {"start": lambda: address, "tell": lambda _: None, "reached": frozenset, "peers": lambda: peers}
    return SimpleNamespace(**(whole | parts))


def _mesh(trials: dict[str, SimpleNamespace]) -> Mesh:
    engines_by_name = {
        host: SimpleNamespace(overlay_trial=lambda _, trial=trial: trial, left_trials=frozenset)
        for host, trial in trials.items()
    }

    class Engines(dict[str, Any]):
        def names(self) -> tuple[str, ...]:
            return (*self,)

    engines: Any = Engines(engines_by_name)
    return try_overlay(engines, "host-1", [Peer(host, f"10.0.0.{host[-1]}") for host in trials])
