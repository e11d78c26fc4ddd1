"""Each failure to reach a host's engine, caused for real, has its own message."""

from __future__ import annotations

import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.engine.pool import ClusterEngines
from bot.engine.ssh import identities
from bot.errors import HostProblem, HostUnreachable
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.engines import engines

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(60)]


def failure_of(cluster: ClusterEngines, problem: HostProblem, *, host: str = "host-2") -> HostUnreachable:
    """Call ``host``'s engine, expect ``problem`` with a text that names host, address and next step, and return it."""
    with pytest.raises(HostUnreachable) as caught:
        cluster[host].info()
    error = caught.value
    assert (error.host, error.problem) == (host, problem)
    assert f"`{host}`" in error.happened
    assert cluster.address(host) in error.happened
    assert error.next_step
    return error


def keygen(path: Path) -> Path:
    """Create a key pair."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True, timeout=10)
    return path


def fingerprint(path: Path) -> str:
    """Return the fingerprint of a public key as OpenSSH prints it."""
    listed = subprocess.run(["ssh-keygen", "-lf", path], check=True, timeout=10, capture_output=True, text=True)
    return listed.stdout.split()[1]


def test_an_unused_address_is_reported(hosts: Fleet) -> None:
    """A call to an address that no machine has ends in seconds."""
    address = hosts.network.subnet.replace("0/24", "199")
    with engines(hosts, host_2={"address": address}) as cluster:
        failure_of(cluster, "no route")


def test_an_unknown_name_is_reported(hosts: Fleet) -> None:
    """A name that DNS does not know is reported as such."""
    with engines(hosts, host_2={"address": "host-2.invalid"}) as cluster:
        assert "does not resolve" in failure_of(cluster, "no route").happened


def test_a_dropped_port_is_reported(hosts: Fleet) -> None:
    """A call to a dropped port ends in seconds."""
    hosts["host-2"].block(22)
    with engines(hosts) as cluster:
        failure_of(cluster, "timed out")


def test_something_that_listens_and_never_speaks(hosts: Fleet) -> None:
    """A port that takes connections and says nothing ends in seconds, with a message."""
    hosts["host-2"].run("sh", "-c", "busybox nc -ll -p 2200 -e sleep 30 >/dev/null 2>&1 </dev/null &")
    until(lambda: 2200 in hosts["host-2"].listening(), "it listens")
    with engines(hosts, host_2={"port": 2200}) as cluster:
        assert "no SSH banner" in failure_of(cluster, "timed out").happened


def test_a_power_cut_during_the_handshake_is_reported(hosts: Fleet) -> None:
    """A machine that is off is distinguished from a slow sshd, and sooner: its kernel does not respond."""
    host = hosts["host-2"]
    host.run("sh", "-c", "busybox nc -ll -p 2201 -e sleep 30 >/dev/null 2>&1 </dev/null &")
    until(lambda: 2201 in host.listening(), "it listens")
    with engines(hosts, host_2={"port": 2201}) as cluster, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(failure_of, cluster, "timed out")
        until(lambda: "2201" in host.run("ss", "-Htn", "state", "established", "sport", "= :2201"), "it connects")
        host.cut_cable()
        assert "fell silent" in asked.result().happened
    host.restore_cable()


def test_a_missing_sshd_is_reported(hosts: Fleet) -> None:
    """A machine without sshd refuses the connection."""
    hosts["host-2"].stop_ssh()
    with engines(hosts) as cluster:
        failure_of(cluster, "refused")
    hosts["host-2"].start_ssh()


def test_an_unknown_host_key_is_reported(hosts: Fleet, tmp_path: Path) -> None:
    """OpenSSH's fingerprint is shown; with the shown line in known_hosts the connection works."""
    known = tmp_path / "known_hosts"
    with engines(hosts, ssh={"known_hosts": str(known)}) as cluster:
        error = failure_of(cluster, "host key unknown")
        assert error.fingerprint == fingerprint(hosts["host-2"].folder / "ssh_host_ed25519_key.pub")
        assert error.fingerprint in error.happened
        known.write_text(error.next_step.split("`")[-2] + "\n")
        assert cluster["host-2"].info()["Name"] == "host-2"


def test_a_changed_host_key_is_reported(hosts: Fleet, tmp_path: Path) -> None:
    """Both fingerprints are shown, and nothing is sent to the host."""
    other = keygen(tmp_path / "other").with_suffix(".pub")
    known = tmp_path / "known_hosts"
    known.write_text(f"{hosts['host-2'].address} {' '.join(other.read_text().split()[:2])}\n")
    with engines(hosts, ssh={"known_hosts": str(known)}) as cluster:
        error = failure_of(cluster, "host key changed")
    assert error.known_fingerprint == fingerprint(other)
    assert error.fingerprint == fingerprint(hosts["host-2"].folder / "ssh_host_ed25519_key.pub")


def test_a_refused_ssh_key_is_reported(hosts: Fleet, tmp_path: Path) -> None:
    """User and key are named."""
    key = keygen(tmp_path / "stranger")
    with engines(hosts, ssh={"identity_file": str(key)}) as cluster:
        error = failure_of(cluster, "key refused")
    assert "`root`" in error.happened
    assert str(key) in error.happened


def test_a_hung_agent_keeps_nobody_out(hosts: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key in a file needs no agent; without one that is accepted, the error says that the agent did not respond."""
    monkeypatch.setattr(identities, "AGENT_TIMEOUT_S", 0.2)
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        with engines(hosts) as cluster:
            assert cluster["host-2"].info()["Name"] == "host-2"
        with engines(hosts, ssh={"identity_file": str(keygen(tmp_path / "stranger"))}) as cluster:
            assert "the agent (it did not respond)" in failure_of(cluster, "key refused").happened


def test_a_missing_key_file_is_reported(hosts: Fleet, tmp_path: Path) -> None:
    """The missing file is named."""
    with engines(hosts, ssh={"identity_file": str(tmp_path / "lost")}) as cluster:
        assert "no such file" in failure_of(cluster, "key refused").happened


def test_a_missing_socket_is_reported(hosts: Fleet) -> None:
    """If Docker listens elsewhere on the host, the error names the setting ``socket``."""
    with engines(hosts, host_2={"socket": "/run/other.sock"}) as cluster:
        assert "`socket`" in failure_of(cluster, "no docker").next_step


def test_a_stopped_docker_is_reported(hosts: Fleet) -> None:
    """With the socket removed (stopped) or left (killed); afterwards the engine is reached again."""
    with engines(hosts) as cluster:
        cluster["host-2"].info()
        hosts["host-2"].stop_docker()
        failure_of(cluster, "docker stopped")
        hosts["host-2"].start_docker()
        assert cluster["host-2"].info()["Name"] == "host-2"
        hosts["host-2"].kill_docker()
        failure_of(cluster, "docker stopped")
        hosts["host-2"].start_docker()
        assert cluster["host-2"].info()["Name"] == "host-2"


def test_a_user_without_access_to_the_socket_is_reported(hosts: Fleet) -> None:
    """A user outside the docker group is told which group is needed."""
    with engines(hosts, ssh={"user": "deploy"}) as cluster:
        assert "usermod -aG docker deploy" in failure_of(cluster, "socket denied").next_step


@pytest.mark.long
def test_a_cable_cut_during_calls_is_reported(hosts: Fleet) -> None:
    """Calls end in seconds, not at TCP's own time-out, and the host is reached again afterwards."""
    with engines(hosts) as cluster:
        cluster["host-2"].info()
        hosts["host-2"].cut_cable()
        failure_of(cluster, "lost")
        with pytest.raises(HostUnreachable):
            cluster["host-2"].leave_swarm(force=True)
        hosts["host-2"].restore_cable()
        assert cluster["host-2"].info()["Name"] == "host-2"
