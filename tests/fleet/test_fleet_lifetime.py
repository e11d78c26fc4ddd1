"""Fleets start and end completely: several at once, from another process, and when their owner is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis

from bot.errors import Failed
from sandbox.fleet import Fleet, missing
from sandbox.fleet.cli import main
from sandbox.fleet.network import Network
from sandbox.fleet.shell import kill, until
from sandbox.fleet.slots import Claim, held_by, release
from tests.conftest import cannot

pytestmark = pytest.mark.fleet

OWNER = "import sys, pathlib, sandbox.fleet as f; f.Fleet(pathlib.Path(sys.argv[1]), size=1).up(); input()"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A folder for a fleet; a fleet that is still running in it is stopped."""
    if reasons := missing():
        cannot("; ".join(reasons))
    yield tmp_path / "state"
    if left := held_by(tmp_path / "state"):
        release(left)


def processes_of(state: Path, *, keeper: bool = True, hosts: bool = True) -> list[int]:
    """Return processes with the fleet's folder in their arguments: the hosts' and the cleanup process."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            words = (entry / "cmdline").read_text() if entry.name.isdigit() else ""
            if str(state) in words and (keeper if "fleet-cleanup" in words else hosts) and OWNER not in words:
                found.append(int(entry.name))
    return found


def traces_of(claim: Claim) -> list[str]:
    """Return everything of a fleet: processes, namespaces and links, control groups, files."""
    network = Network(claim.slot)
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{network.prefix}-*")]
    files = [str(claim.state)] if claim.state.exists() else []
    return [str(pid) for pid in processes_of(claim.state)] + network.remains() + groups + files


def killed_owner(state: Path, *, keeper: bool) -> Claim:
    """Return a fleet whose owner was killed, and before it the cleanup process if ``cleanup`` is false."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(state)], stdin=subprocess.PIPE)
    try:
        until((state / "host-1/data/containerd").exists, "the other process's fleet boots")
        claim = held_by(state)
        assert claim
        assert len(traces_of(claim)) > 5
        if not keeper:
            kill(processes_of(state, hosts=False))
    finally:
        owner.kill()
        owner.communicate(timeout=10)
    return claim


def test_down_leaves_nothing(state: Path) -> None:
    """Down removes every process, namespace, link, control group and file, those of containers too."""
    with Fleet(state, size=2) as fleet:
        claim = held_by(state)
        assert claim
        fleet["host-1"].docker("swarm", "init", "--advertise-addr", fleet["host-1"].address)
        fleet["host-2"].docker("run", "-d", "swarmbot/task")
        assert len(traces_of(claim)) > 10
    assert traces_of(claim) == []
    assert held_by(state) is None


def test_two_fleets_are_independent(state: Path, tmp_path: Path) -> None:
    """Two fleets have hosts with the same names; the end of one does not affect the other."""
    with Fleet(state, size=1) as first:
        with Fleet(tmp_path / "second", size=1) as second:
            one, other = first["host-1"], second["host-1"]
            assert first.network.subnet != second.network.subnet
            other.docker("swarm", "init", "--advertise-addr", other.address)
            assert one.docker("info", "--format", "{{.Swarm.LocalNodeState}}").strip() == "inactive"
            with pytest.raises(Failed):
                one.run("busybox", "ping", "-c1", "-W1", other.address)
        assert one.docker_answers
        assert 22 in one.listening()


def test_a_fleet_is_removed_after_its_owner_is_killed(state: Path) -> None:
    """After SIGKILL of the owner, its fleet is removed."""
    claim = killed_owner(state, keeper=True)
    until(lambda: traces_of(claim) == [] and held_by(state) is None, "the dead owner's fleet is gone")


def test_the_next_fleet_removes_leftovers(state: Path, tmp_path: Path) -> None:
    """If the cleanup process was killed too, the next fleet removes what is left."""
    claim = killed_owner(state, keeper=False)
    assert len(traces_of(claim)) > 5
    with Fleet(tmp_path / "next", size=1):
        assert processes_of(state) == []
        assert not state.exists()
        assert held_by(state) is None


def test_the_command_line_controls_a_fleet(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """After `up` the hosts keep running; later commands inject faults and remove them; `down` removes everything."""

    def said(*words: str) -> str:
        assert main(["fleet", "--state", str(state), *words]) == 0
        return capsys.readouterr().out

    assert "2 hosts up in" in said("up", "--size", "2")
    claim = held_by(state)
    assert claim
    said("block", "host-1", "7946/udp", "--direction", "out", "--peer", "host-2")
    said("cut", "host-2")
    said("stop-docker", "host-2")
    one, two = said("status").splitlines()
    assert one.endswith(f"docker up, swarm inactive  7946/udp out {Network(claim.slot).address(2)} blocked")
    assert two.endswith("docker stopped  cable cut")
    said("power-off", "host-1")
    assert said("status").splitlines()[0].split()[2] == "off"
    said("reset")
    assert [line.split("  ", 2)[2] for line in said("status").splitlines()] == ["docker up, swarm inactive"] * 2
    assert said("run", "host-2", "hostname") == "host-2\n"
    assert main(["fleet", "--state", str(state), "up"]) == 1
    assert "already running" in capsys.readouterr().err
    said("down")
    assert traces_of(claim) == []
    assert main(["fleet", "--state", str(state), "down"]) == 1
    assert "No fleet is running" in capsys.readouterr().err


def test_a_folder_with_other_files_is_refused(state: Path) -> None:
    """A folder with other files is not used for a fleet, and keeps them."""
    state.mkdir()
    (state / "theirs").touch()
    with pytest.raises(Failed, match="is not empty"):
        Fleet(state, size=1).up()
    assert [path.name for path in state.iterdir()] == ["theirs"]
    assert held_by(state) is None


def test_missing_requirements_skip_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test is skipped with the reasons; with CI=true it fails."""
    monkeypatch.setattr("sandbox.fleet.requirements.shutil.which", lambda *_, **__: None)
    assert "Debian package docker.io is not installed" in missing()
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no docker"):
        cannot("no docker")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no docker"):
        cannot("no docker")


def test_the_tests_redis_is_durable_and_empty(redis_url: str, redis_server: str) -> None:
    """The shared Redis appends each write, evicts nothing, and is empty at the start of a test."""
    assert redis_url == redis_server
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
