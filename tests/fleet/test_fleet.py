"""Hosts are separate machines: SSH, power, dockerd, a swarm of three, and reset."""

from __future__ import annotations

import socket

import pytest

from sandbox.fleet import TASK_IMAGE, Fleet
from sandbox.fleet.shell import until
from tests.kits.reachability import bot_reaches, engine_id, pings, sees, ssh, works

pytestmark = pytest.mark.fleet


def test_hosts_are_separate_machines_reached_over_ssh(hosts: Fleet) -> None:
    """Each host has its own name, address, key and engine, and accepts SSH with strict host keys."""
    assert [ssh(hosts, host, "hostname").stdout.strip() for host in hosts] == [host.name for host in hosts]
    assert len({engine_id(host) for host in hosts}) == len({host.address for host in hosts}) == 5
    assert len({line.split()[2] for line in hosts.files.known_hosts.read_text().splitlines()}) == 5
    assert ssh(hosts, hosts["host-2"], "docker", "images", "-q", TASK_IMAGE).stdout.strip()


def test_another_host_key_is_refused(hosts: Fleet) -> None:
    """A host that presents another host's key is refused."""
    right = hosts.files.known_hosts.read_text()
    other = right.splitlines()[1].split()[2]
    try:
        hosts.files.known_hosts.write_text(f"{hosts['host-1'].address} ssh-ed25519 {other}\n")
        refused = ssh(hosts, hosts["host-1"], "true")
    finally:
        hosts.files.known_hosts.write_text(right)
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr


def test_the_plain_user_has_no_access_to_the_engine(hosts: Fleet) -> None:
    """User deploy can log in over SSH and cannot open the socket, which root can."""
    assert ssh(hosts, hosts["host-1"], "id", "-un", user="deploy").stdout.strip() == "deploy"
    denied = ssh(hosts, hosts["host-1"], "docker", "ps", user="deploy")
    assert denied.returncode != 0
    assert "permission denied" in denied.stderr
    assert ssh(hosts, hosts["host-1"], "docker", "ps").returncode == 0


def test_power_off_keeps_the_disk(hosts: Fleet) -> None:
    """A host that is off is unreachable; after power-on its disk is unchanged."""
    one, two = hosts["host-1"], hosts["host-2"]
    before = engine_id(one)
    one.power_off()
    assert not one.up
    assert not bot_reaches(one)
    assert not pings(two, one.address)
    one.power_on()
    assert ssh(hosts, one, "docker", "info", "--format", "{{.ID}}").stdout.strip() == before
    sees(pings, two, one.address)


def test_wipe_gives_an_empty_engine(hosts: Fleet) -> None:
    """After a wipe the engine is new, not part of a swarm, and has the image for tasks."""
    one = hosts["host-1"]
    before = engine_id(one)
    one.docker("swarm", "init", "--advertise-addr", one.address)
    one.wipe()
    assert engine_id(one) != before
    assert one.docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip() == "inactive"
    assert one.docker("images", "-q", TASK_IMAGE).strip()


def test_dockerd_stops_independently_of_ssh(hosts: Fleet) -> None:
    """SSH works without dockerd; a stop ends the containers, a kill leaves them running."""
    one = hosts["host-1"]
    for end, left in ((one.stop_docker, False), (one.kill_docker, True)):
        one.docker("run", "-d", TASK_IMAGE)
        end()
        assert "Cannot connect to the Docker daemon" in ssh(hosts, one, "docker", "ps").stderr
        assert works(one, "pgrep", "-f", "sleep 3600") is left
        one.start_docker()
        assert ssh(hosts, one, "docker", "ps").returncode == 0


def test_sshd_stops_independently_of_dockerd(hosts: Fleet) -> None:
    """Without sshd a connection is refused at once, while the engine runs."""
    one = hosts["host-1"]
    one.stop_ssh()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((one.address, 22), 5)
    assert one.docker_answers
    one.start_ssh()
    assert ssh(hosts, one, "true").returncode == 0


def test_three_nodes_form_a_swarm_with_an_overlay(hosts: Fleet) -> None:
    """Docker's own commands form a swarm, and tasks on different hosts reach each other over an overlay network."""
    one, *workers = (hosts[name] for name in ("host-1", "host-2", "host-3"))
    one.docker("swarm", "init", "--advertise-addr", one.address)
    token = one.docker("swarm", "join-token", "-q", "worker").strip()
    for worker in workers:
        worker.docker("swarm", "join", "--token", token, f"{one.address}:2377")
    nodes = one.docker("node", "ls", "--format", "{{.Hostname}} {{.Status}}").splitlines()
    assert sorted(nodes) == ["host-1 Ready", "host-2 Ready", "host-3 Ready"]
    one.docker("network", "create", "-d", "overlay", "inner")
    one.docker("service", "create", "-d", "--name", "web", "--mode", "global", "--network", "inner", TASK_IMAGE)
    running = "--filter=desired-state=running", "--format={{.Node}} {{.CurrentState}}"
    until(lambda: one.docker("service", "ps", "web", *running).count("Running") == 3, "three tasks run", timeout=90)
    task = one.docker("ps", "-q", "--filter", "name=web").strip()

    def tasks() -> set[str]:
        return {word for word in one.docker("exec", task, "nslookup", "tasks.web").split() if word.startswith("10.0.")}

    until(lambda: len(tasks()) == 3, "gossip has told host-1 of three tasks")
    for address in tasks():
        one.docker("exec", task, "ping", "-c1", "-W2", address)


def test_reset_fixes_every_state(hosts: Fleet) -> None:
    """A reset removes faults, containers and swarms of five hosts, which can then form a swarm."""
    one, two, three, four, five = hosts
    one.docker("swarm", "init", "--advertise-addr", one.address)
    token = one.docker("swarm", "join-token", "-q", "manager").strip()
    for host in (two, three):
        host.docker("swarm", "join", "--token", token, f"{one.address}:2377")
    three.docker("run", "-d", "--name", "left", TASK_IMAGE)
    two.power_off()
    one.cut_cable()
    three.partition("out")
    four.stop_docker()
    five.stop_ssh()
    hosts.reset()
    for host in hosts:
        assert host.faults.words() == ""
        assert ssh(hosts, host, "docker", "info", "--format", "{{.Swarm.LocalNodeState}}").stdout == "inactive\n"
        assert host.docker("ps", "-aq") == ""
        host.docker("swarm", "init", "--advertise-addr", host.address)
