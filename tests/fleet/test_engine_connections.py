"""Routes to an engine: through jump hosts, the Docker CLI and ~/.ssh/config, and reconnection."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.errors import HostUnreachable
from sandbox.fleet import Fleet
from tests.kits.engines import engines, init, second_sshd

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(90)]


def test_the_docker_cli_replaces_forbidden_forwarding(hosts: Fleet, tmp_path: Path) -> None:
    """The Docker CLI serves more threads than sshd allows sessions, and changes too."""
    known = tmp_path / "known_hosts"
    with (
        second_sshd(hosts, hosts["host-1"], known, "DisableForwarding=yes") as keys,
        engines(hosts, ssh={"known_hosts": str(known)}, host_1=keys) as cluster,
    ):
        init(cluster, "host-1")
        with ThreadPoolExecutor(16) as pool:
            names = list(pool.map(lambda _: cluster["host-1"].info()["Name"], range(48)))
        assert names == ["host-1"] * 48
        assert "dial-stdio" in hosts["host-1"].run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        hosts["host-1"].kill_docker()
        with pytest.raises(HostUnreachable) as caught:
            cluster["host-1"].info()
        assert caught.value.problem == "docker stopped"


def test_a_host_is_reached_through_a_jump_host(hosts: Fleet) -> None:
    """host-3, which only accepts host-2 on port 22, is reached through host-2; a failure of host-2 is reported."""
    gateway = hosts.network.gateway
    drop = ["INPUT", "-s", gateway, "-p", "tcp", "--dport", "22", "-j", "DROP"]
    hosts["host-3"].run("iptables", "-A", *drop)
    try:
        with engines(hosts) as cluster, pytest.raises(HostUnreachable):
            cluster["host-3"].info()
        with engines(hosts, host_3={"jump": "host-2"}) as cluster:
            assert cluster["host-3"].info()["Name"] == "host-3"
            hosts["host-2"].restart()
            assert cluster["host-3"].info()["Name"] == "host-3"
        with engines(hosts, host_3={"jump": f"root@{hosts['host-2'].address}:22"}) as cluster:
            assert cluster["host-3"].info()["Name"] == "host-3"
        hosts["host-2"].stop_ssh()
        with engines(hosts, host_3={"jump": "host-2"}) as cluster, pytest.raises(HostUnreachable) as caught:
            cluster["host-3"].info()
        assert (caught.value.host, caught.value.problem) == ("host-3", "refused")
        assert "through `host-2`" in caught.value.happened
    finally:
        hosts["host-3"].run("iptables", "-D", *drop)
        hosts["host-2"].start_ssh()


def test_failures_behind_a_jump_host_are_distinguished(hosts: Fleet) -> None:
    """A target that is off, refuses, or is forbidden has its own error, and the jump host stays usable."""
    dead = {"address": hosts.network.subnet.replace("0/24", "199"), "jump": "host-1"}
    hosts["host-3"].stop_ssh()
    hosts["host-4"].block(22)
    with engines(hosts, host_2=dead, host_3={"jump": "host-1"}, host_4={"jump": "host-1"}) as cluster:
        problems = {}
        for name in ("host-2", "host-3", "host-4"):
            with pytest.raises(HostUnreachable) as caught:
                cluster[name].info()
            problems[name] = caught.value.problem
        assert problems == {"host-2": "no route", "host-3": "refused", "host-4": "timed out"}
        assert cluster["host-1"].info()["Name"] == "host-1"
    hosts["host-3"].start_ssh()


def test_ssh_config_supplies_missing_settings(hosts: Fleet, tmp_path: Path) -> None:
    """HostName, Port, ProxyJump and UserKnownHostsFile of ~/.ssh/config are used."""
    known = tmp_path / "known_hosts"
    with second_sshd(hosts, hosts["host-2"], known) as keys:
        config = tmp_path / "config"
        config.write_text(
            f"Host second\n HostName {hosts['host-2'].address}\n Port {keys['port']}\n ProxyJump first\n"
            f"Host first\n HostName {hosts['host-1'].address}\n"
            f"Host *\n UserKnownHostsFile {known}\n"
        )
        with engines(hosts, config, without="known_hosts", host_2={"address": "second"}) as cluster:
            assert cluster["host-2"].info()["Name"] == "host-2"


def test_reconnection_after_a_power_cut(hosts: Fleet) -> None:
    """The next call reaches a host that was off, for questions and for changes."""
    with engines(hosts) as cluster:
        cluster["host-2"].info()
        hosts["host-2"].restart()
        assert cluster["host-2"].info()["Name"] == "host-2"
        hosts["host-2"].restart()
        assert init(cluster, "host-2")


def test_reconnection_after_sshd_was_killed(hosts: Fleet) -> None:
    """After all sshd processes ended, sessions included, the next call connects again when sshd runs."""
    with engines(hosts) as cluster:
        cluster["host-2"].info()
        hosts["host-2"].stop_ssh()
        hosts["host-2"].run(
            "sh", "-c", "for p in $(grep -lxs sshd /proc/[0-9]*/comm); do kill -9 $(echo $p | tr -dc 0-9); done"
        )
        with pytest.raises(HostUnreachable):
            cluster["host-2"].info()
        hosts["host-2"].start_ssh()
        assert cluster["host-2"].info()["Name"] == "host-2"


def test_reconnection_after_an_engine_restart(hosts: Fleet) -> None:
    """Pooled connections that ended with the engine are not used again."""
    with engines(hosts) as cluster:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: cluster["host-2"].info(), range(16)))
        hosts["host-2"].stop_docker()
        hosts["host-2"].start_docker()
        with ThreadPoolExecutor(8) as pool:
            assert [cluster["host-2"].info()["Name"]] * 16 == [
                info["Name"] for info in pool.map(lambda _: cluster["host-2"].info(), range(16))
            ]
