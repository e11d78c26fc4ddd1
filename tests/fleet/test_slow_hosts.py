"""Hosts that are slow: what was not seen in time is not called blocked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Final

import pytest

from bot.model import Route, Transport
from bot.swarm.network.probe_routes import probe_routes
from bot.swarm.reading.certificates import NODE_CERTIFICATE
from sandbox.fleet import Fleet, Host
from tests.kits.engines import engines
from tests.kits.slow_hosts import busy, slow_shell

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(60)]
TRANSPORTS: Final[tuple[Transport, ...]] = ("tcp", "udp")


def test_an_engine_that_reads_nothing_has_no_blocked_port(hosts: Fleet) -> None:
    """Its kernel queues the datagrams; behind a firewall nothing is queued, and the port is called blocked."""
    target = hosts["host-2"]
    route = Route("host-1", "host-2", target.address, 7946, "udp")
    with engines(hosts) as cluster, _stopped_engine(target):
        [probed] = probe_routes(cluster, [route], 4)
        assert (probed.state, probed.why) == ("untested", "`host-2` does not read its datagrams")


@contextmanager
def _stopped_engine(host: Host) -> Iterator[None]:
    host.docker("swarm", "init", "--advertise-addr", host.address)
    host.run("sh", "-c", "kill -STOP $(cat /run/docker.pid)")
    try:
        yield
    finally:
        host.run("sh", "-c", "kill -CONT $(cat /run/docker.pid)")


def test_a_slow_login_shell_is_started_once(hosts: Fleet) -> None:
    """Reads and probes at the same time share it, whichever shells they start themselves."""
    host, other = hosts["host-1"], hosts["host-2"]
    init_address = f"{host.address}:2377"
    with slow_shell(host) as shells, engines(hosts) as cluster, ThreadPoolExecutor(8) as pool:
        cluster["host-1"].init_swarm({"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": host.address})
        engine = cluster["host-1"]
        certificate = partial(engine.certificate_file, f"{engine.info()['DockerRootDir']}/{NODE_CERTIFICATE}")
        reads: list[Callable[[], object]] = [
            engine.interfaces,
            certificate,
            engine.key_file,
            engine.last_raft_entry,
            engine.placed,
        ]
        results = [pool.submit(read) for read in (*reads, *reads)]
        prober = engine.prober()
        assert prober.connect([(other.address, 22), (other.address, 7946)]) == ["open", "refused"]
        prober.send("udp", other.address, 7946, 20)
        prober.counters()
        assert all(result.result() for result in results)
        assert engine.known_managers() == (init_address,)
        assert shells.number == 1


def test_routes_between_slow_and_busy_hosts(hosts: Fleet) -> None:
    """The time for the tests begins when the shells are up, and grows with their round trips."""
    slow, busy_host = hosts["host-1"], hosts["host-2"]
    hosts["host-3"].block(7946, "udp")
    pairs = [("host-1", "host-2"), ("host-2", "host-1"), ("host-2", "host-3")]
    routes = [Route(a, b, hosts[b].address, 7946, each) for a, b in pairs for each in TRANSPORTS]
    with slow_shell(slow, 2), busy(busy_host, 0.1), engines(hosts) as cluster:
        for name in ("host-1", "host-2", "host-3"):
            cluster[name].info()
        probed = probe_routes(cluster, routes, 4, responding=("host-1", "host-2", "host-3"))
    blocked = [(each.route.target, each.route.transport) for each in probed if each.blocked]
    assert blocked == [("host-3", "udp")]
    assert [each for each in probed if not each.through and not each.blocked] == []


def test_a_helper_that_is_killed_is_started_again(hosts: Fleet) -> None:
    """The read is repeated."""
    host = hosts["host-1"]
    with slow_shell(host) as shells, engines(hosts) as cluster:
        assert cluster["host-1"].interfaces()
        host.run("sh", "-c", "kill $(grep -lzs 'read -r i[d]' /proc/[0-9]*/cmdline | cut -d/ -f3)")
        assert cluster["host-1"].interfaces()
        assert shells.number == 2
