"""The tour's search finds a secret in every place where it looks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from sandbox.slack.transcript import Seen
from sandbox.tour import leaks

TOKEN = "SWMTKN-" + "1-2abc-def"
KEY = "SWMKEY-" + "1-abcdef"


def planted_string(redis: Redis) -> None:
    """A string."""
    redis.set("string", f"x {TOKEN}")


def planted_name(redis: Redis) -> None:
    """A key's own name."""
    redis.set(TOKEN, "x")


def planted_hash(redis: Redis) -> None:
    """A hash's value."""
    redis.hset("hash", "field", KEY)


def planted_list(redis: Redis) -> None:
    """A list's item."""
    redis.rpush("list", TOKEN)


def planted_set(redis: Redis) -> None:
    """A set's member."""
    redis.sadd("set", TOKEN)


def planted_sorted_set(redis: Redis) -> None:
    """A sorted set's member."""
    redis.zadd("zset", {TOKEN: 1})


def planted_stream(redis: Redis) -> None:
    """A stream's field."""
    redis.xadd("stream", {"field": TOKEN})


PLANTED = [
    planted_string,
    planted_name,
    planted_hash,
    planted_list,
    planted_set,
    planted_sorted_set,
    planted_stream,
]


@pytest.mark.parametrize("plant", PLANTED)
def test_every_type_of_key_is_searched(redis_url: str, plant: Callable[[Redis], None]) -> None:
    """One key of a type, with a secret in it, is found among those without."""
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        redis.set("innocent", "*** SWMTKN")
        assert leaks.in_redis(redis) == (1, [])
        plant(redis)
        count, where = leaks.in_redis(redis)
    assert count == 2
    assert len(where) == 1


def test_files_are_searched_to_the_last(tmp_path: Path) -> None:
    """A file beneath a folder, bytes that are no text included."""
    (tmp_path / "below").mkdir()
    (tmp_path / "sound.log").write_text("joined")
    assert leaks.in_files([tmp_path]) == (1, [])
    (tmp_path / "below/data.aof").write_bytes(b"\xff\x00" + KEY.encode() + b"\x80")
    assert leaks.in_files([tmp_path]) == (2, [str(tmp_path / "below/data.aof")])


def test_arguments_of_all_that_was_started_are_searched() -> None:
    """A process started by a process of ours is found, and others of the machine are not looked at."""
    waits = f"read -r ended; : {TOKEN}"
    process = subprocess.Popen(["/bin/sh", "-c", f"/bin/sh -c '{waits}'; :"], stdin=subprocess.PIPE)
    try:
        count, where = leaks.in_arguments(os.getpid())
        assert count >= 1
        assert any(f"process {process.pid} " in place for place in where)
        assert leaks.in_arguments(process.pid)[0] <= 1
    finally:
        process.communicate(b"\n", timeout=10)


def test_what_one_person_sees_is_private_and_the_rest_is_not() -> None:
    """A token in a public message is found, in its blocks too; in a private one it is where it belongs."""

    def seen(number: int, text: str, blocks: list[dict[str, str]], *, private: bool) -> Seen:
        return Seen(number, 0.0, "posted", "U0SWARM", ("U0ADA",), private, "C0PROD", "1.0", text, blocks)

    entries = [
        seen(1, TOKEN, [], private=True),
        seen(2, "joined", [], private=False),
        seen(3, TOKEN, [], private=False),
        seen(4, "x", [{"type": "section", "text": KEY}], private=False),
    ]
    assert leaks.in_messages(entries) == (3, ["entry 3", "entry 4"])
