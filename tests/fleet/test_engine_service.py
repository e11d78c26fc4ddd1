"""The default commands that stop and start an engine: systemd's, with Debian's own units."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from bot.errors import EngineError, Failed
from sandbox.fleet import Fleet
from tests.conftest import cannot
from tests.kits.docker_systemd import PROGRAM, docker_by_systemd
from tests.kits.engines import engines, init

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(120)]


@pytest.fixture
def systemd_hosts(hosts: Fleet) -> Iterator[Fleet]:
    """Hosts. The first one runs its engine under systemd."""
    if not (PROGRAM.exists() and shutil.which("systemctl")):
        cannot("Debian package systemd is not installed")
    with docker_by_systemd(hosts["host-1"]):
        yield hosts


def test_the_default_commands_stop_and_start_the_engine(systemd_hosts: Fleet) -> None:
    """They stop it although its socket would start it again, and start it; failures are reported."""
    host = systemd_hosts["host-1"]
    with engines(systemd_hosts, without="engine") as cluster:
        init(cluster, "host-1")
        began = host.run("systemctl", "show", "--property=MainPID", "docker.service")
        assert cluster["host-1"].pack_swarm().startswith(b"\x1f\x8b")
        assert host.run("systemctl", "is-active", "docker.service", "docker.socket").split() == ["active", "active"]
        assert host.run("systemctl", "show", "--property=MainPID", "docker.service") != began
        assert cluster["host-1"].info()["Swarm"]["LocalNodeState"] == "active"

        user = ("env", "XDG_RUNTIME_DIR=/run/user0", "systemctl", "--user")
        host.run("systemctl", "stop", "docker.socket", "docker.service")
        assert cluster["host-1"].stopped().folder == str(host.folder / "data/swarm")
        host.run(*user, "mask", "docker.service")
        masked = r"did not start again by: systemctl start docker.service \(.* is masked\)"
        with pytest.raises(EngineError, match=masked) as caught:
            cluster["host-1"].start_engine()
        assert "`engine` in swarmbot.yml" in caught.value.next_step
        host.run(*user, "unmask", "docker.service")
        cluster["host-1"].start_engine()
        assert cluster["host-1"].info()["Swarm"]["LocalNodeState"] == "active"

    with (
        engines(systemd_hosts, ssh={"engine": {"stop": "systemctl stop dockerd.service"}}) as cluster,
        pytest.raises(Failed, match=r"could not be stopped by: .* \(.*Unit dockerd.service not loaded\)"),
    ):
        cluster["host-1"].pack_swarm()
    assert host.docker_answers


def test_a_host_without_systemd_is_reported(hosts: Fleet) -> None:
    """The error says so, and the engine keeps running."""
    with engines(hosts, without="engine") as cluster:
        init(cluster, "host-2")
        with pytest.raises(Failed, match="has not been booted with systemd"):
            cluster["host-2"].pack_swarm()
        assert hosts["host-2"].docker_answers
