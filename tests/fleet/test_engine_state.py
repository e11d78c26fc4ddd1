"""Swarm state is read from an engine, written to another one, and loaded into a throwaway engine, over SSH."""

from __future__ import annotations

from contextlib import ExitStack, suppress

import pytest

from bot.engine.disk import swarm_folder
from bot.engine.disk.swarm_folder import BACKUP_ID_FILE
from bot.errors import EngineError, Failed, HostUnreachable
from sandbox.fleet import Fleet, Host
from sandbox.fleet.shell import until
from tests.kits.engines import engines, init
from tests.kits.scenario import stop_ssh_sessions

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(120)]

FORCED = {"ListenAddr": "0.0.0.0:2377", "AdvertiseAddr": "127.0.0.1", "ForceNewCluster": True, "Spec": {}}


def test_state_is_only_written_to_an_empty_engine(hosts: Fleet) -> None:
    """A second write changes nothing; a folder with content is not touched, except that of an interrupted attempt."""
    with engines(hosts) as cluster:
        init(cluster, "host-1")
        packed = cluster["host-1"].pack_swarm()
        assert cluster["host-1"].placed() == "other"
        assert cluster["host-2"].placed() == ""
        for _ in range(2):
            cluster["host-2"].place_swarm(packed, "b1")
            assert cluster["host-2"].placed() == "b1"
        left = hosts["host-2"].folder / "data/swarm.swarmbot"
        (left / "swarm").mkdir(parents=True)
        with pytest.raises(Failed, match="is not empty"):
            cluster["host-2"].place_swarm(packed, "b2")
        assert not left.exists()
        with pytest.raises(Failed, match="could not be unpacked"):
            cluster["host-3"].place_swarm(packed[: len(packed) // 2], "b1")
        for name in ("host-1", "host-2", "host-3"):
            assert hosts[name].docker_answers
        assert cluster["host-3"].placed() == ""
        assert cluster["host-2"].info()["Swarm"]["LocalNodeState"] == "inactive"
        (hosts["host-2"].folder / "data/swarm" / BACKUP_ID_FILE).unlink()
        assert cluster["host-2"].placed() == "other"


def test_an_engine_is_always_left_running(hosts: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may not stop, not stop in time, or not be packed; an engine that was stopped is started and packed."""
    commands = hosts.ssh["engine"]
    with engines(hosts, ssh={"engine": {**commands, "stop": "false"}}) as cluster:
        init(cluster, "host-1")
        with pytest.raises(Failed, match="could not be stopped by: false"):
            cluster["host-1"].pack_swarm()
        assert hosts["host-1"].docker_answers
    with engines(hosts, ssh={"engine": {**commands, "stop": "sleep 600"}}) as cluster:
        monkeypatch.setattr(
            swarm_folder, "PACK_SCRIPT", swarm_folder.PACK_SCRIPT.replace("timeout_s=150", "timeout_s=1")
        )
        with pytest.raises(Failed, match=r"could not be stopped by: sleep 600 \(it did not finish within 1 s\)"):
            cluster["host-1"].pack_swarm()
        assert hosts["host-1"].docker_answers
        monkeypatch.undo()
    with engines(hosts, ssh={"engine": {**commands, "stop": "true"}}) as cluster:
        with pytest.raises(Failed, match="could not be packed"):
            cluster["host-1"].pack_swarm()
        assert hosts["host-1"].docker_answers
    with engines(hosts) as cluster:
        with pytest.raises(Failed, match="holds no swarm state"):
            cluster["host-2"].pack_swarm()
        hosts["host-1"].stop_docker()
        assert cluster["host-1"].pack_swarm().startswith(b"\x1f\x8b")
        assert hosts["host-1"].docker_answers


def test_a_throwaway_engine_is_isolated_and_ends(hosts: Fleet) -> None:
    """It has only a loopback interface, loads the cluster, and ends with its context; the host's own engine stays."""
    with engines(hosts) as cluster:
        init(cluster, "host-1")
        packed = cluster["host-1"].pack_swarm()
        with cluster["host-2"].throwaway_engine(packed) as throwaway_engine:
            throwaway_engine.init_swarm(FORCED)
            assert throwaway_engine.swarm()["ID"] == cluster["host-1"].swarm()["ID"]
            pid = throwaway_process(hosts["host-2"])
            looks = hosts["host-2"].run("nsenter", "--target", pid, "--net", "ip", "-o", "link", "show", "up")
            cards = {line.split()[1].rstrip(":") for line in looks.splitlines()}
            assert "lo" in cards
            assert "eth0" not in cards
            assert hosts["host-2"].run("nsenter", "--target", pid, "--net", "ip", "route", "show", "default") == ""
            assert cluster["host-2"].info()["Swarm"]["LocalNodeState"] == "inactive"
        assert not throwaway_process(hosts["host-2"])
        assert "swarmbot-drill" not in hosts["host-2"].run("ls", "/run")
        assert hosts["host-2"].docker_answers


def test_a_throwaway_engine_ends_with_its_connection(hosts: Fleet) -> None:
    """It ends when its owner disappears without closing it."""
    with engines(hosts) as cluster:
        init(cluster, "host-1")
        packed = cluster["host-1"].pack_swarm()
        with ExitStack() as drill:
            drill.enter_context(cluster["host-2"].throwaway_engine(packed))
            assert throwaway_process(hosts["host-2"])
            stop_ssh_sessions(hosts["host-2"])
            until(lambda: not throwaway_process(hosts["host-2"]), "the throwaway engine has ended")
            with pytest.raises(HostUnreachable, match="did not confirm the end of its throwaway engine"):
                drill.close()
        assert hosts["host-2"].docker_answers


def test_invalid_state_starts_no_throwaway_engine(hosts: Fleet) -> None:
    """The error is reported, and nothing is left."""
    with engines(hosts) as cluster:
        with (
            pytest.raises(EngineError, match="could not run a throwaway engine"),
            cluster["host-2"].throwaway_engine(b"no tar"),
        ):
            pass
        assert "swarmbot-drill" not in hosts["host-2"].run("ls", "/run")


def throwaway_process(host: Host) -> str:
    """Return the process of a throwaway engine on ``host``, an empty string for none."""
    with suppress(Failed):
        return host.run("pgrep", "-f", "^dockerd --config-file /run/swarmbot-drill").strip()
    return ""
