"""Redis URLs of every kind, and the error when Redis does not respond."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from bot.errors import Misconfigured, Unavailable
from bot.secrets.secret import Secret
from bot.store.client import WEB_TIMEOUTS, Timeouts, connect, translate_errors
from sandbox.ports import free_port, listens
from tests.kits.jobs import until

HURRIED = Timeouts(reply_s=0.3, connect_s=0.3, retries=0)


@contextmanager
def server(*words: str, port: int) -> Iterator[None]:
    """Run a redis-server (or Sentinel) on ``port`` until it responds."""
    command = ["redis-server", *words, "--port", str(port)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: listens(port), "redis-server listens")
            yield
        finally:
            process.kill()


def _pings(client: Redis) -> bool:
    try:
        return bool(client.ping())
    except RedisError:
        return False


def test_an_acl_user(redis_url: str) -> None:
    """A user and password in the URL are used. With a wrong one Redis is unreachable; the error does not contain it."""
    place = redis_url.removeprefix("unix://")
    with connect(Secret(redis_url)) as admin:
        admin.acl_setuser("bot", enabled=True, passwords=["+hunter2"], keys=["*"], categories=["+@all"])
        try:
            with connect(Secret(f"unix://bot:hunter2@{place}")) as client:
                assert client.acl_whoami() == "bot"
            with connect(Secret(f"unix://bot:hunter3@{place}"), HURRIED) as client:
                with pytest.raises(Unavailable) as told, translate_errors():
                    client.ping()
                assert "hunter3" not in str(told.value)
        finally:
            admin.acl_deluser("bot")


def test_the_master_behind_sentinels(tmp_path: Path) -> None:
    """A Sentinel URL finds the master; Sentinels that do not respond are skipped."""
    master, sentinel, dead = free_port(), free_port(), free_port()
    config = tmp_path / "sentinel.conf"
    config.write_text(f"sentinel monitor prod 127.0.0.1 {master} 1\ndir {tmp_path}\n", encoding="utf-8")
    data = ("--save", "", "--dir", str(tmp_path), "--requirepass", "pass word")
    with server(*data, port=master), server(str(config), "--sentinel", port=sentinel):
        with Redis(port=sentinel) as admin:
            admin.execute_command("SENTINEL", "SET", "prod", "auth-pass", "pass word")
        url = f"redis+sentinel://:pass%20word@127.0.0.1:{dead},127.0.0.1:{sentinel}/prod/2"
        with connect(Secret(url)) as client:
            until(lambda: _pings(client), "the Sentinel has found its master")
            client.set("key", "value")
        with Redis(port=master, password="pass word", db=2, decode_responses=True) as direct:  # noqa: S106 - made up
            assert direct.get("key") == "value"


def test_a_sentinel_that_does_not_respond_is_asked_once() -> None:
    """Then the next one is asked: a person waits."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        Thread(target=_hang_up_on, args=(place,), daemon=True).start()
        client = connect(Secret(f"redis+sentinel://127.0.0.1:{place.getsockname()[1]}/prod"), HURRIED)
        assert not _pings(client)
        place.setblocking(False)
        with pytest.raises(BlockingIOError):
            place.accept()


@pytest.mark.parametrize(
    "url",
    [
        "http://redis:6379",
        "redis",
        "redis://:hunter2@host:port/0",
        "redis+sentinel://:hunter2@host",
        "redis+sentinel:///x",
    ],
)
def test_a_wrong_url(url: str) -> None:
    """It is reported at start with the valid forms, without the password that it may contain."""
    with pytest.raises(Misconfigured) as told:
        connect(Secret(url))
    assert "redis+sentinel://" in told.value.next_step
    assert "hunter2" not in str(told.value)
    assert told.value.__cause__ is None


def test_tls_is_used() -> None:
    """``rediss`` URLs speak TLS, to Sentinels too, and check certificates."""
    for url in ("rediss://redis:6379/0", "rediss+sentinel://redis/prod"):
        options = connect(Secret(url)).connection_pool.connection_class.__mro__
        assert any("SSL" in cls.__name__ for cls in options), url


def test_a_refused_connection() -> None:
    """It is reported after the retries."""
    client = connect(Secret(f"redis://127.0.0.1:{free_port()}/0"), WEB_TIMEOUTS)
    with pytest.raises(Unavailable) as told, translate_errors():
        client.ping()
    assert "doctor" in told.value.next_step


def test_no_reply() -> None:
    """A server that accepts the connection and does not reply times out; the error says that the outcome is unknown."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = connect(Secret(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"), HURRIED)
        with pytest.raises(Unavailable) as told, translate_errors():
            client.ping()
    assert "in time" in told.value.happened


def test_a_connection_that_breaks() -> None:
    """Before the reply to a write it is unknown whether the write was done. A read changes nothing."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        client = connect(Secret(f"redis://127.0.0.1:{place.getsockname()[1]}/0"), HURRIED)
        for writing in (True, False):
            Thread(target=_hang_up_on, args=(place,), daemon=True).start()
            with pytest.raises(Unavailable) as told, translate_errors(writing=writing):
                client.ping()
            assert ("not known" in told.value.true_now) is writing


def _hang_up_on(place: socket.socket) -> None:
    there, _ = place.accept()
    there.close()


def test_a_server_that_accepts_no_writes(tmp_path: Path) -> None:
    """A full server is unavailable. A wrong command is a defect and passes."""
    port = free_port()
    with server("--save", "", "--dir", str(tmp_path), "--maxmemory", "1", port=port):
        client = connect(Secret(f"redis://127.0.0.1:{port}/0"), HURRIED)
        with pytest.raises(Unavailable), translate_errors():
            client.set("key", "value")
        with pytest.raises(Unavailable), translate_errors():
            client.eval("return redis.call('SET', KEYS[1], 'value')", 1, "key")
        with pytest.raises(ResponseError), translate_errors():
            client.eval("return nonsense.call()", 0)
