"""A real SSH server with a low MaxSessions that forbids forwarding: a session that is refused now is waited for."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from bot.engine.api.client import EngineClient
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.shell import read, run_bytes, spawn
from bot.engine.ssh.socket_dialer import SocketDialer
from bot.engine.ssh.target import SshTarget
from bot.errors import EngineError
from sandbox.local_sshd import ADDRESS, local_sshd, make_key
from sandbox.ports import free_port

DOCKER = r"""#!/bin/sh
# Answers every request with {} as `docker system dial-stdio` would pass it on.
while read -r line; do
  [ "$line" != "$(printf '\r')" ] && [ -n "$line" ] ||
    printf 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}'
done
"""


@pytest.fixture
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SshConnection]:
    """Yield a connection to a server with MaxSessions 2 (or the parameter) and a stand-in for Docker."""
    port = free_port()
    (tmp_path / "known_hosts").write_text(f"[{ADDRESS}]:{port} {make_key(tmp_path / 'host')}\n")
    make_key(tmp_path / "key")
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    options = (f"HostKey={tmp_path / 'host'}", f"AuthorizedKeysFile={tmp_path / 'key.pub'}", "PermitRootLogin=yes")
    limits = (f"MaxSessions={getattr(request, 'param', 2)}", "DisableForwarding=yes")
    environment = f"SetEnv=PATH={tmp_path}:/usr/bin:/bin HOME={tmp_path}"  # without this machine's start-up files
    with local_sshd(tmp_path, port, *options, *limits, environment):
        files = ((tmp_path / "key",), (tmp_path / "known_hosts",))
        with closing(SshConnection(SshTarget("host-1", ADDRESS, port, getpass.getuser(), *files))) as connection:
            yield connection


def test_many_commands_at_once(connection: SshConnection) -> None:
    """They take turns."""
    with ThreadPoolExecutor(8) as pool:
        done = list(
            pool.map(lambda n: run_bytes(connection, f"sleep 0.05; echo {n}", timeout=20).out.decode(), range(8))
        )
    assert done == [f"{number}\n" for number in range(8)]


def test_idle_connections_to_the_engine_give_way_to_commands(connection: SshConnection, tmp_path: Path) -> None:
    """Each of them occupies a session."""
    path = str(tmp_path / "engine")
    with socket.socket(socket.AF_UNIX) as engine, ThreadPoolExecutor(4) as pool:
        engine.bind(path)
        with closing(EngineClient(SocketDialer(connection, path))) as client:
            for _ in range(2):
                assert list(pool.map(lambda _: client.read(lambda api: api.info()), range(4))) == [{}] * 4
                assert run_bytes(connection, "echo done", timeout=10).out == b"done\n"


@pytest.mark.parametrize("connection", [1], indirect=True)
def test_the_helper_gives_way_to_commands(connection: SshConnection) -> None:
    """It occupies the only session, and is started again for the next read."""
    with ThreadPoolExecutor(8) as pool:
        reads = [pool.submit(read, connection, f"sleep 0.05; echo {n}", timeout=20) for n in range(4)]
        runs = [pool.submit(run_bytes, connection, f"sleep 0.05; echo {n}", timeout=20) for n in range(4)]
        assert [done.result().out for done in reads] == [f"{n}\n" for n in range(4)]
        assert [done.result().out for done in runs] == [f"{n}\n".encode() for n in range(4)]


def test_the_error_when_no_session_ends(connection: SshConnection) -> None:
    """Nothing was sent, and the setting is named."""
    with (
        spawn(connection, "sleep 30", timeout=10),
        spawn(connection, "sleep 30", timeout=10),
        pytest.raises(EngineError, match=r"refused another SSH session for 0\.3 s: its MaxSessions") as caught,
    ):
        run_bytes(connection, "true", timeout=0.3)
    assert caught.value.true_now == "Nothing was sent to it."
    assert "MaxSessions 10" in caught.value.next_step


@pytest.mark.parametrize("connection", [0], indirect=True)
def test_a_server_that_allows_no_session(connection: SshConnection) -> None:
    """It is not waited for."""
    with pytest.raises(EngineError, match="does not run commands over SSH"):
        run_bytes(connection, "true", timeout=60)
