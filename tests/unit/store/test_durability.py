"""Settings of Redis that would lose, evict or refuse data are found."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.secrets.secret import Secret
from bot.store.client import connect
from bot.store.durability import problems


def test_a_sound_server(redis_url: str) -> None:
    """A durable server that evicts nothing has no problems."""
    with connect(Secret(redis_url)) as client:
        assert problems(client) == []


@pytest.mark.parametrize(
    ("setting", "value", "word"),
    [
        ("appendonly", "no", "appendonly"),
        ("maxmemory-policy", "allkeys-lru", "noeviction"),
        ("appendfsync", "no", "everysec"),
    ],
)
def test_a_setting_that_loses_data(redis_url: str, setting: str, value: str, word: str) -> None:
    """Each setting that would lose data is named, with its fix."""
    with connect(Secret(redis_url)) as client:
        before = client.config_get(setting)[setting]
        client.config_set(setting, value)
        try:
            (problem,) = problems(client)
            assert word in problem
        finally:
            client.config_set(setting, before)


@pytest.mark.parametrize(
    ("seen", "word"),
    [
        ({"redis_version": "6.0.16"}, "6.2"),
        ({"role": "slave"}, "replica"),
        ({"aof_last_write_status": "err"}, "append-only file"),
    ],
)
def test_what_a_server_says_of_itself(
    redis_url: str, monkeypatch: pytest.MonkeyPatch, seen: dict[str, str], word: str
) -> None:
    """An old version, a replica and a broken append-only file are named."""
    with connect(Secret(redis_url)) as client:
        info = client.info()
        monkeypatch.setattr(Redis, "info", lambda _self: info | seen)
        (problem,) = problems(client)
        assert word in problem


def test_a_user_who_may_not_read_the_configuration(redis_url: str) -> None:
    """Managed servers forbid CONFIG: then INFO is still checked."""
    with connect(Secret(redis_url)) as admin:
        admin.acl_setuser("bot", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-config"])
        try:
            with connect(Secret(redis_url.replace("unix://", "unix://bot:x@"))) as client:
                assert problems(client) == []
        finally:
            admin.acl_deluser("bot")
