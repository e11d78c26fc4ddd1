"""Each fault of the fleet bites and heals, as seen from the bot and from the other hosts."""

from __future__ import annotations

import socket
import subprocess
from contextlib import suppress

import pytest

from bot.errors import Failed
from bot.sandbox.fleet import TASK_IMAGE, Fleet, Host
from bot.sandbox.fleet.shell import until

pytestmark = pytest.mark.fleet


def ssh(fleet: Fleet, host: Host, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    """Run ``words`` on ``host`` as the bot would: over the network, with its key, trusting only known_hosts."""
    argv = [*fleet.ssh_argv(host, user), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)


def bot_reaches(host: Host, port: int = 22) -> bool:
    """Whether a TCP connection from the bot's side opens within a second."""
    with suppress(OSError), socket.create_connection((host.address, port), 1):
        return True
    return False


def reaches(host: Host, address: str, port: int = 22) -> bool:
    """Whether a TCP connection from a host opens within a second."""
    return works(host, "timeout", "1", "bash", "-c", f"exec 3<>/dev/tcp/{address}/{port}")


def pings(host: Host, address: str) -> bool:
    """Whether an echo comes back within a second."""
    return works(host, "busybox", "ping", "-c1", "-W1", address)


def works(host: Host, *argv: str) -> bool:
    """Whether a command on the host ends with 0."""
    with suppress(Failed):
        host.run(*argv)
        return True
    return False


def counter(host: Host, protocol: str, name: str) -> int:
    """One number of /proc/net/snmp on the host."""
    names, values = (line.split() for line in host.run("grep", f"^{protocol}:", "/proc/net/snmp").splitlines())
    return int(values[names.index(name)])


def datagrams_that_arrive(sender: Host, target: Host, port: int) -> int:
    """Of five datagrams sent one after the other, how many the target's kernel saw; no one listens there."""
    before = counter(target, "Udp", "NoPorts")
    for _ in range(5):  # a blocked sender is told so, and goes on
        works(sender, "bash", "-c", f"echo >/dev/udp/{target.address}/{port}")
    return counter(target, "Udp", "NoPorts") - before


def engine_id(host: Host) -> str:
    """The engine's identity, which lives on its disk."""
    return host.docker("info", "--format", "{{.ID}}").strip()


def test_hosts_are_separate_machines_reached_over_ssh(hosts: Fleet) -> None:
    """Each host has its own name, address, key and engine, and the bot gets in with strict host keys."""
    assert [ssh(hosts, host, "hostname").stdout.strip() for host in hosts] == [host.name for host in hosts]
    assert len({engine_id(host) for host in hosts}) == len({host.address for host in hosts}) == 5
    assert len({line.split()[2] for line in hosts.files.known_hosts.read_text().splitlines()}) == 5
    assert ssh(hosts, hosts["host-2"], "docker", "images", "-q", TASK_IMAGE).stdout.strip()


def test_another_host_key_is_refused(hosts: Fleet) -> None:
    """Host keys are the hosts' own: a host that answers with another's is not believed."""
    right = hosts.files.known_hosts.read_text()
    other = right.splitlines()[1].split()[2]
    try:
        hosts.files.known_hosts.write_text(f"{hosts['host-1'].address} ssh-ed25519 {other}\n")
        refused = ssh(hosts, hosts["host-1"], "true")
    finally:
        hosts.files.known_hosts.write_text(right)
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr


def test_plain_user_may_not_open_the_engines_socket(hosts: Fleet) -> None:
    """User deploy gets in over SSH and is not allowed on the socket, where root is."""
    assert ssh(hosts, hosts["host-1"], "id", "-un", user="deploy").stdout.strip() == "deploy"
    denied = ssh(hosts, hosts["host-1"], "docker", "ps", user="deploy")
    assert denied.returncode != 0
    assert "permission denied" in denied.stderr
    assert ssh(hosts, hosts["host-1"], "docker", "ps").returncode == 0


def test_power_off_and_on(hosts: Fleet) -> None:
    """Without power nobody reaches a host, and its disk is what it was when the power is back."""
    one, two = hosts["host-1"], hosts["host-2"]
    before = engine_id(one)
    one.power_off()
    assert not one.up
    assert not bot_reaches(one)
    assert not pings(two, one.address)
    one.power_on()
    assert ssh(hosts, one, "docker", "info", "--format", "{{.ID}}").stdout.strip() == before
    assert pings(two, one.address)


def test_wipe_gives_an_empty_engine(hosts: Fleet) -> None:
    """After a wipe the engine is another, in no swarm, and has the image for tasks."""
    one = hosts["host-1"]
    before = engine_id(one)
    one.docker("swarm", "init", "--advertise-addr", one.address)
    one.wipe()
    assert engine_id(one) != before
    assert one.docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip() == "inactive"
    assert one.docker("images", "-q", TASK_IMAGE).strip()


def test_dockerd_stops_and_dies_by_itself(hosts: Fleet) -> None:
    """SSH goes on without dockerd; a stop ends the containers, a kill leaves them running."""
    one = hosts["host-1"]
    for end, left in ((one.stop_docker, False), (one.kill_docker, True)):
        one.docker("run", "-d", TASK_IMAGE)
        end()
        assert "Cannot connect to the Docker daemon" in ssh(hosts, one, "docker", "ps").stderr
        assert works(one, "pgrep", "-f", "sleep 3600") is left
        one.start_docker()
        assert ssh(hosts, one, "docker", "ps").returncode == 0


def test_sshd_stops_by_itself(hosts: Fleet) -> None:
    """Without sshd a connection is refused at once, while the engine goes on."""
    one = hosts["host-1"]
    one.stop_ssh()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((one.address, 22), 5)
    assert one.docker_answers
    one.start_ssh()
    assert ssh(hosts, one, "true").returncode == 0


def test_cut_cable(hosts: Fleet) -> None:
    """Behind a cut cable a host is reached by nobody and reaches nobody, and runs on."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.cut_cable()
    assert not bot_reaches(one)
    assert not pings(two, one.address)
    assert not pings(one, two.address)
    assert one.docker_answers
    one.mend_cable()
    assert bot_reaches(one)
    assert pings(two, one.address)


def test_partition_leaves_the_bot_through(hosts: Fleet) -> None:
    """Partitioned from its peers, a host still answers the bot; healed, its peers as well."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.partition()
    assert not reaches(two, one.address)
    assert not reaches(one, two.address)
    assert ssh(hosts, one, "docker", "info", "--format", "{{.Name}}").stdout.strip() == "host-1"
    assert pings(two, hosts["host-3"].address)
    one.heal()
    assert reaches(two, one.address)
    assert reaches(one, two.address)


def test_partition_in_one_direction(hosts: Fleet) -> None:
    """What is not dropped still arrives: ``in`` drops what peers send, ``out`` what they would get."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.partition("in")
    assert datagrams_that_arrive(one, two, 7946) == 5
    assert datagrams_that_arrive(two, one, 7946) == 0
    one.heal("in")
    one.partition("out")
    assert datagrams_that_arrive(one, two, 7946) == 0
    assert datagrams_that_arrive(two, one, 7946) == 5
    one.heal("out")
    assert datagrams_that_arrive(one, two, 7946) == 5


def test_block_tcp_port_in_each_direction(hosts: Fleet) -> None:
    """A block closes one port in one direction, for all or for one peer, and nothing else."""
    one, two, three = hosts["host-1"], hosts["host-2"], hosts["host-3"]
    one.block(22)
    assert not bot_reaches(one)
    assert not reaches(two, one.address)
    assert pings(two, one.address)
    assert reaches(one, two.address)
    one.unblock(22)
    assert reaches(two, one.address)
    one.block(22, direction="out")
    assert not reaches(one, two.address)
    assert reaches(two, one.address)
    one.unblock(22, direction="out")
    one.block(22, peer=two)
    assert not reaches(two, one.address)
    assert reaches(three, one.address)
    one.unblock(22, peer=two)
    one.block(22, direction="out", peer=two)
    assert not reaches(one, two.address)
    assert reaches(one, three.address)
    one.unblock(22, direction="out", peer=two)
    assert reaches(one, two.address)


def test_block_udp_port(hosts: Fleet) -> None:
    """Datagrams for a blocked port are lost, those for other ports and the other direction arrive."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.block(4789, "udp")
    assert datagrams_that_arrive(two, one, 4789) == 0
    assert datagrams_that_arrive(two, one, 4790) == 5
    assert datagrams_that_arrive(one, two, 4789) == 5
    one.unblock(4789, "udp")
    one.block(4789, "udp", direction="out")
    assert datagrams_that_arrive(two, one, 4789) == 5
    assert datagrams_that_arrive(one, two, 4789) == 0


def test_faults_outlive_a_power_cut(hosts: Fleet) -> None:
    """A fault of the network is the network's: it is there when the host comes back."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.block(2377)
    one.partition("in")
    one.restart()
    assert not pings(two, one.address)
    assert one.faults.words() == "partitioned in, 2377/tcp in blocked"
    one.mend()
    assert pings(two, one.address)


def test_further_address(hosts: Fleet) -> None:
    """A second address answers like the first, until the host is mended."""
    one, two = hosts["host-1"], hosts["host-2"]
    address = one.add_address(201)
    assert reaches(two, address)
    one.mend()
    assert not reaches(two, address)


def test_three_nodes_make_a_swarm_whose_tasks_talk(hosts: Fleet) -> None:
    """Docker's own commands form a swarm, and tasks on different hosts reach each other over an overlay."""
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
    until(lambda: one.docker("service", "ps", "web", *running).count("Running") == 3, "three tasks run")
    task = one.docker("ps", "-q", "--filter", "name=web").strip()

    def tasks() -> set[str]:
        return {word for word in one.docker("exec", task, "nslookup", "tasks.web").split() if word.startswith("10.0.")}

    until(lambda: len(tasks()) == 3, "gossip has told host-1 of three tasks")
    for address in tasks():
        one.docker("exec", task, "ping", "-c1", "-W2", address)


def test_reset_mends_everything(hosts: Fleet) -> None:
    """However five hosts were left, a reset makes them sound, empty and in no swarm, and able to make one."""
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
