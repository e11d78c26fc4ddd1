"""The Engine protocol on real engines: every call, many threads, and no leaked secrets."""

from __future__ import annotations

import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from html import unescape
from pathlib import Path

import pytest

from bot.errors import EngineError
from bot.model.engine_api import Engines
from bot.secrets.secret import Secret
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.engines import engines, init, joining, second_sshd

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(120)]

THREADS = 32
CALLS = 20


def test_a_swarm_is_made_joined_changed_and_left(hosts: Fleet) -> None:
    """Each call has its effect on the engines, as Docker's command line confirms."""
    with engines(hosts) as cluster:
        engines_of: Engines = cluster
        manager, worker = engines_of["host-1"], engines_of["host-2"]
        remote = init(cluster, "host-1")
        worker.join_swarm(joining(cluster, "host-2", remote), manager.join_tokens().worker)
        assert hosts["host-1"].docker("node", "ls", "--format", "{{.Hostname}} {{.Availability}}").split("\n")[1:2] == [
            "host-2 Drain"
        ]
        node = next(node for node in manager.nodes() if node["Spec"]["Role"] == "worker")
        spec = {**node["Spec"], "Availability": "active", "Labels": {"zone": "b"}}
        manager.update_node(node["ID"], node["Version"]["Index"], spec)
        assert hosts["host-1"].docker("node", "inspect", "--format", "{{.Spec.Labels.zone}}", node["ID"]).strip() == "b"
        assert [*manager.services()] == []
        assert [*manager.tasks({"node": [node["ID"]]})] == []
        worker.leave_swarm(force=False)
        manager.remove_node(node["ID"], force=True)
        assert [node["Description"]["Hostname"] for node in manager.nodes()] == ["host-1"]


def test_tokens_and_the_unlock_key_are_secrets_and_rotate(hosts: Fleet) -> None:
    """Tokens are returned as secrets; rotation and autolock work and leave the rest of the spec unchanged."""
    with engines(hosts) as cluster:
        engine = cluster["host-1"]
        init(cluster, "host-1")
        assert "JoinTokens" not in engine.swarm()
        before = engine.join_tokens()
        assert not engine.unlock_key()
        swarm = engine.swarm()
        spec = {**swarm["Spec"], "EncryptionConfig": {"AutoLockManagers": True}}
        engine.update_swarm(swarm["Version"]["Index"], spec, rotate_worker_token=True)
        after = engine.join_tokens()
        assert after.worker != before.worker
        assert after.manager == before.manager
        assert engine.unlock_key().reveal().startswith("SWMKEY-")
        assert engine.swarm()["Spec"] == spec


def test_interfaces_clock_and_ports_are_read(hosts: Fleet) -> None:
    """Interfaces, clock and ports are those of the host."""
    further = hosts["host-1"].add_address(200)
    hosts["host-2"].block(2377)
    with engines(hosts) as cluster:
        engine = cluster["host-1"]
        init(cluster, "host-1")  # Docker's own bridges appear
        (interface,) = engine.interfaces()
        assert set(interface.addresses) == {cluster.address("host-1"), further}
        assert abs(engine.clock_offset()) < 1  # all hosts of the fleet have this machine's clock
        two, three = cluster.address("host-2"), cluster.address("host-3")
        endpoints = [(two, 22), (three, 2377), (two, 2377)]
        assert engine.prober().connect(endpoints) == ["open", "refused", "no answer"]


def test_only_certificates_are_read_from_a_file(hosts: Fleet) -> None:
    """Certificates are read; a file with a key, without certificates, or missing is refused by name."""
    with engines(hosts) as cluster:
        engine = cluster["host-1"]
        init(cluster, "host-1")
        folder = f"{engine.info()['DockerRootDir']}/swarm/certificates"
        certificate = engine.certificate_file(f"{folder}/swarm-node.crt")
        assert "BEGIN CERTIFICATE" in certificate
        assert "PRIVATE KEY" not in certificate
        hosts["host-1"].run("sh", "-c", f"{{ echo note; cat {folder}/swarm-node.crt; }} >'/run/a file'")
        assert engine.certificate_file("/run/a file") == certificate
        for path, why in (
            (f"{folder}/swarm-node.key", "private key"),
            ("/etc/passwd", "no PEM certificate"),
            ("/run/nothing", "No such file"),
            ("/run/$(reboot)", "No such file"),
            ("/run/<!channel>", "No such file"),
        ):
            with pytest.raises(EngineError, match=why) as caught:
                engine.certificate_file(path)
            assert path in unescape(caught.value.happened)
            assert "<" not in caught.value.happened


def test_an_engines_error_does_not_show_the_token(hosts: Fleet) -> None:
    """The engine's message and status arrive; text, traceback and chained errors do not show the token."""
    token = Secret("SWMTKN-1-0123456789")
    with engines(hosts) as cluster, pytest.raises(EngineError) as caught:
        cluster["host-2"].join_swarm(joining(cluster, "host-2", f"{cluster.address('host-1')}:2377"), token)
    assert caught.value.status == 500
    assert "token" in caught.value.happened
    trace = "".join(traceback.format_exception(caught.value))
    assert "SWMTKN" not in trace + repr(caught.value.__context__) + repr(caught.value.__cause__)


def test_a_token_is_in_no_process_arguments(hosts: Fleet, tmp_path: Path) -> None:
    """While a join hangs, no process of the machine or a host has the token in its arguments or environment.

    The route through the Docker CLI is used, because only this one starts processes.
    """
    hosts["host-1"].block(2377)
    known = tmp_path / "known_hosts"
    with (
        second_sshd(hosts, hosts["host-2"], known, "AllowStreamLocalForwarding=no") as keys,
        engines(hosts, ssh={"known_hosts": str(known)}, host_2=keys) as cluster,
    ):
        remote = init(cluster, "host-1")
        token = cluster["host-1"].join_tokens().worker

        def join() -> None:
            with suppress(EngineError):
                cluster["host-2"].join_swarm(joining(cluster, "host-2", remote), token)

        joins = threading.Thread(target=join)
        joins.start()
        until(lambda: cluster["host-2"].info()["Swarm"]["LocalNodeState"] == "pending", "the join hangs")
        words = _words_of_all_processes()
        assert b"dial-stdio" in words
        assert token.reveal().encode() not in words
        hosts["host-1"].unblock(2377)
        joins.join(60)
        assert not joins.is_alive()


def _words_of_all_processes() -> bytes:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            found += [(folder / "cmdline").read_bytes(), (folder / "environ").read_bytes()]
    return b"\n".join(found)


def test_many_threads_share_one_connection(hosts: Fleet) -> None:
    """32 threads with 20 calls each get all their answers over one connection."""
    with engines(hosts) as cluster:
        cluster["host-1"].info()

        def calls(_thread: int) -> int:
            return sum(cluster["host-1"].info()["Name"] == "host-1" for _ in range(CALLS))

        with ThreadPoolExecutor(THREADS) as pool:
            assert sum(pool.map(calls, range(THREADS))) == THREADS * CALLS
        logged_in = (hosts["host-1"].folder / "sshd.log").read_text().count("Accepted publickey")
        cluster["host-1"].info()
        assert (hosts["host-1"].folder / "sshd.log").read_text().count("Accepted publickey") == logged_in
