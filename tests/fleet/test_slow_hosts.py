"""Hosts that are slow: what was not seen in time is not called blocked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.model import Route
from bot.swarm.network.probe_routes import probe_routes
from sandbox.fleet import Fleet, Host
from tests.kits.engines import engines

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(60)]


def test_an_engine_that_reads_nothing_has_no_blocked_port(hosts: Fleet) -> None:
    """Its kernel queues the datagrams; behind a firewall nothing is queued, and the port is called blocked."""
    target = hosts["host-2"]
    route = Route("host-1", "host-2", target.address, 7946, "udp")
    with engines(hosts) as cluster, _stopped_engine(target):
        [probed] = probe_routes(cluster, [route], time.monotonic() + 4)
        assert (probed.state, probed.why) == ("untested", "`host-2` does not read its datagrams")


@contextmanager
def _stopped_engine(host: Host) -> Iterator[None]:
    host.docker("swarm", "init", "--advertise-addr", host.address)
    host.run("sh", "-c", "kill -STOP $(cat /run/docker.pid)")
    try:
        yield
    finally:
        host.run("sh", "-c", "kill -CONT $(cat /run/docker.pid)")
