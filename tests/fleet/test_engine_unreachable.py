"""Each way in which a host's engine cannot be spoken to, brought about for real, told apart and told well."""

from __future__ import annotations

import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.engine.pool import ClusterEngines
from bot.engine.ssh import login
from bot.errors import HostProblem, HostUnreachable
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.engines import engines

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(60)]


def failure(cluster: ClusterEngines, problem: HostProblem, *, host: str = "host-2") -> HostUnreachable:
    """Ask ``host``'s engine, see ``problem`` with a text that names host, address and what to do, and return it."""
    with pytest.raises(HostUnreachable) as caught:
        cluster[host].info()
    error = caught.value
    assert (error.host, error.problem) == (host, problem)
    assert f"`{host}`" in error.happened
    assert cluster.address(host) in error.happened
    assert error.next_step
    return error


def keygen(path: Path) -> Path:
    """Make a key pair."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, timeout=10)
    return path


def fingerprint(path: Path) -> str:
    """The fingerprint of a public key as OpenSSH prints it."""
    listed = subprocess.run(["ssh-keygen", "-lf", path], check=True, timeout=10, capture_output=True, text=True)
    return listed.stdout.split()[1]


def test_nobody_has_the_address(hosts: Fleet) -> None:
    """An address that no machine has ends in seconds."""
    address = hosts.network.subnet.replace("0/24", "199")
    with engines(hosts, host_2={"address": address}) as cluster:
        failure(cluster, "no route")


def test_a_name_that_does_not_resolve(hosts: Fleet) -> None:
    """A name unknown to DNS is told as such."""
    with engines(hosts, host_2={"address": "host-2.invalid"}) as cluster:
        assert "does not resolve" in failure(cluster, "no route").happened


def test_a_firewall_that_drops(hosts: Fleet) -> None:
    """A dropped port ends in seconds."""
    hosts["host-2"].block(22)
    with engines(hosts) as cluster:
        failure(cluster, "timed out")


def test_something_that_listens_and_never_speaks(hosts: Fleet) -> None:
    """A port that takes connections and says nothing ends in seconds, and that is said."""
    hosts["host-2"].run("sh", "-c", "busybox nc -ll -p 2200 -e sleep 30 >/dev/null 2>&1 </dev/null &")
    until(lambda: 2200 in hosts["host-2"].listening(), "it listens")
    with engines(hosts, host_2={"port": 2200}) as cluster:
        assert "no SSH banner" in failure(cluster, "timed out").happened


def test_the_power_goes_in_the_middle_of_the_handshake(hosts: Fleet) -> None:
    """A machine that is dead is told from an sshd that is slow, and sooner: its kernel answers nothing."""
    host = hosts["host-2"]
    host.run("sh", "-c", "busybox nc -ll -p 2201 -e sleep 30 >/dev/null 2>&1 </dev/null &")
    until(lambda: 2201 in host.listening(), "it listens")
    with engines(hosts, host_2={"port": 2201}) as cluster, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(failure, cluster, "timed out")
        until(lambda: "2201" in host.run("ss", "-Htn", "state", "established", "sport", "= :2201"), "it connects")
        host.cut_cable()
        assert "fell silent" in asked.result().happened
    host.restore_cable()


def test_no_ssh_server(hosts: Fleet) -> None:
    """A machine without sshd refuses."""
    hosts["host-2"].stop_ssh()
    with engines(hosts) as cluster:
        failure(cluster, "refused")
    hosts["host-2"].start_ssh()


def test_a_host_key_that_nobody_vouched_for(hosts: Fleet, tmp_path: Path) -> None:
    """Shown with OpenSSH's fingerprint; the line that is offered for known_hosts, once added, lets us in."""
    known = tmp_path / "known_hosts"
    with engines(hosts, ssh={"known_hosts": str(known)}) as cluster:
        error = failure(cluster, "host key unknown")
        assert error.fingerprint == fingerprint(hosts["host-2"].folder / "ssh_host_ed25519_key.pub")
        assert error.fingerprint in error.happened
        known.write_text(error.next_step.split("`")[-2] + "\n")
        assert cluster["host-2"].info()["Name"] == "host-2"


def test_a_host_key_that_changed(hosts: Fleet, tmp_path: Path) -> None:
    """Shown with both fingerprints, and nothing is said to the host that answers."""
    other = keygen(tmp_path / "other").with_suffix(".pub")
    known = tmp_path / "known_hosts"
    known.write_text(f"{hosts['host-2'].address} {' '.join(other.read_text().split()[:2])}\n")
    with engines(hosts, ssh={"known_hosts": str(known)}) as cluster:
        error = failure(cluster, "host key changed")
    assert error.known_fingerprint == fingerprint(other)
    assert error.fingerprint == fingerprint(hosts["host-2"].folder / "ssh_host_ed25519_key.pub")


def test_our_key_is_not_accepted(hosts: Fleet, tmp_path: Path) -> None:
    """User and key are named."""
    key = keygen(tmp_path / "stranger")
    with engines(hosts, ssh={"identity_file": str(key)}) as cluster:
        error = failure(cluster, "key refused")
    assert "`root`" in error.happened
    assert str(key) in error.happened


def test_a_hung_agent_keeps_nobody_out(hosts: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in a file needs no agent; without one that is accepted, it is told that the agent did not answer."""
    monkeypatch.setattr(login, "AGENT_TIMEOUT_S", 0.2)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        with engines(hosts) as cluster:
            assert cluster["host-2"].info()["Name"] == "host-2"
        with engines(hosts, ssh={"identity_file": str(keygen(tmp_path / "stranger"))}) as cluster:
            assert "the agent (it did not answer)" in failure(cluster, "key refused").happened


def test_our_key_is_missing(hosts: Fleet, tmp_path: Path) -> None:
    """A file that is not there is named."""
    with engines(hosts, ssh={"identity_file": str(tmp_path / "lost")}) as cluster:
        assert "no such file" in failure(cluster, "key refused").happened


def test_no_docker_there(hosts: Fleet) -> None:
    """A socket that does not exist, while Docker runs elsewhere on the host, points to ``socket``."""
    with engines(hosts, host_2={"socket": "/run/other.sock"}) as cluster:
        assert "`socket`" in failure(cluster, "no docker").next_step


def test_docker_stopped(hosts: Fleet) -> None:
    """Whether its socket is gone with it (stopped) or left behind (killed); afterwards it is reached again."""
    with engines(hosts) as cluster:
        cluster["host-2"].info()
        hosts["host-2"].stop_docker()
        failure(cluster, "docker stopped")
        hosts["host-2"].start_docker()
        assert cluster["host-2"].info()["Name"] == "host-2"
        hosts["host-2"].kill_docker()
        failure(cluster, "docker stopped")
        hosts["host-2"].start_docker()
        assert cluster["host-2"].info()["Name"] == "host-2"


def test_not_allowed_on_its_socket(hosts: Fleet) -> None:
    """A user outside the docker group is told which group."""
    with engines(hosts, ssh={"user": "deploy"}) as cluster:
        assert "usermod -aG docker deploy" in failure(cluster, "socket denied").next_step


def test_the_cable_is_cut_in_use(hosts: Fleet) -> None:
    """Questions and changes end in seconds, not at TCP's own time-out, and the host is reached again afterwards."""
    with engines(hosts) as cluster:
        cluster["host-2"].info()
        hosts["host-2"].cut_cable()
        failure(cluster, "lost")
        with pytest.raises(HostUnreachable):
            cluster["host-2"].leave_swarm(force=True)
        hosts["host-2"].restore_cable()
        assert cluster["host-2"].info()["Name"] == "host-2"
