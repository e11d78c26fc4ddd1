"""A connection without an answer is a verdict only about a host that is seen to be on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast
from unittest.mock import Mock

import pytest

from bot.errors import HostUnreachable
from bot.model import Engines, ProbedRoute, Reach, Route
from bot.swarm.network.probe_routes import probe_routes

ROUTE = Route("host-3", "host-2", "10.0.0.2", 7946, "tcp")
OFF = "`host-2` did not respond within 1.5 s"


class Hosts(dict[str, Any]):
    """The engines of hosts, by name."""

    def names(self) -> tuple[str, ...]:
        """Return their names."""
        return tuple(self)


def hosts(*, on: bool) -> Engines:
    """Return two hosts: host-3 gets no answer from host-2, which is ``on`` or not."""
    sender = Mock(round_trip_s=0.0, connect=Mock(return_value=["no answer"]))
    off = HostUnreachable("host-2", "timed out", OFF)
    opened = Mock(return_value=Mock(round_trip_s=0.0)) if on else Mock(side_effect=off)
    return cast("Engines", Hosts({"host-2": Mock(prober=opened), "host-3": Mock(prober=Mock(return_value=sender))}))


@pytest.mark.parametrize(
    ("on", "unreachable", "seen"),
    [
        (True, {}, ProbedRoute(ROUTE, "blocked", "no answer")),
        (False, {}, ProbedRoute(ROUTE, "untested", f"no answer, and {OFF}")),
        (True, {"host-2": f"{OFF}."}, ProbedRoute(ROUTE, "untested", f"no answer, and {OFF}")),
    ],
)
def test_no_answer_from_a_host_that_may_be_off(unreachable: dict[str, str], seen: ProbedRoute, *, on: bool) -> None:
    """It is no verdict about a port."""
    assert probe_routes(hosts(on=on), [ROUTE], 4.0, unreachable) == (seen,)


@pytest.mark.parametrize("again", [False, True])
def test_a_route_that_was_not_tested_in_time_is_tested_again(*, again: bool) -> None:
    """For a join: the blocked port is found then. A route from a host without a shell is not tried again."""
    met: list[list[Reach]] = [["unknown"], ["unknown"], ["no answer"]]
    sender = Mock(round_trip_s=0.0, connect=Mock(side_effect=met))
    late = HostUnreachable("host-4", "timed out", "`host-4` did not respond within 1.5 s")
    probers = {
        "host-2": Mock(return_value=Mock(round_trip_s=0.0)),
        "host-3": Mock(return_value=sender),
        "host-4": Mock(side_effect=late),
    }
    engines = cast("Engines", Hosts({name: Mock(prober=prober) for name, prober in probers.items()}))
    from_dead = replace(ROUTE, source="host-4")
    found = probe_routes(engines, [ROUTE, from_dead], 4.0, again=again)
    slow = ProbedRoute(ROUTE, "untested", "`host-3` was too slow to test it")
    assert found == (
        ProbedRoute(ROUTE, "blocked", "no answer") if again else slow,
        ProbedRoute(from_dead, "untested", late.happened),
    )
    assert sender.connect.call_count == (3 if again else 1)
