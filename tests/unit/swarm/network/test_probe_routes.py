"""A connection without an answer is a verdict only about a host that is seen to be on."""

from __future__ import annotations

from typing import Any, cast
from unittest.mock import Mock

import pytest

from bot.errors import HostUnreachable
from bot.model import Engines, ProbedRoute, Route
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
