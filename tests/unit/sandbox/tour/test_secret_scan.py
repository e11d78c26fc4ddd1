"""The tour's search finds secrets in every place that it searches."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from sandbox.slack.transcript import TranscriptEntry
from sandbox.tour import secret_scan

TOKEN = "SWMTKN-" + "1-2abc-def"
KEY = "SWMKEY-" + "1-abcdef"


def planted_string(redis: Redis) -> None:
    """Put a secret into a string."""
    redis.set("string", f"x {TOKEN}")


def planted_name(redis: Redis) -> None:
    """Put a secret into the name of a key."""
    redis.set(TOKEN, "x")


def planted_hash(redis: Redis) -> None:
    """Put a secret into a hash."""
    redis.hset("hash", "field", KEY)


def planted_list(redis: Redis) -> None:
    """Put a secret into a list."""
    redis.rpush("list", TOKEN)


def planted_set(redis: Redis) -> None:
    """Put a secret into a set."""
    redis.sadd("set", TOKEN)


def planted_sorted_set(redis: Redis) -> None:
    """Put a secret into a sorted set."""
    redis.zadd("zset", {TOKEN: 1})


def planted_stream(redis: Redis) -> None:
    """Put a secret into a stream."""
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
def test_all_types_of_keys_are_searched(redis_url: str, plant: Callable[[Redis], None]) -> None:
    """A secret in a key of any type is found."""
    with Redis.from_url(redis_url, decode_responses=True) as redis:
        redis.set("innocent", "*** SWMTKN")
        assert secret_scan.scan_redis(redis) == (1, [])
        plant(redis)
        count, where = secret_scan.scan_redis(redis)
    assert count == 2
    assert len(where) == 1


def test_all_files_are_searched(tmp_path: Path) -> None:
    """Files in subfolders and binary files are searched."""
    (tmp_path / "below").mkdir()
    (tmp_path / "sound.log").write_text("joined")
    assert secret_scan.scan_files([tmp_path]) == (1, [])
    (tmp_path / "below/data.aof").write_bytes(b"\xff\x00" + KEY.encode() + b"\x80")
    assert secret_scan.scan_files([tmp_path]) == (2, [str(tmp_path / "below/data.aof")])


def test_arguments_of_all_descendants_are_searched() -> None:
    """A process started by a descendant is found; other processes of the machine are not searched."""
    waits = f"read -r ended; : {TOKEN}"
    process = subprocess.Popen(["/bin/sh", "-c", f"/bin/sh -c '{waits}'; :"], stdin=subprocess.PIPE)
    try:
        count, where = secret_scan.scan_arguments(os.getpid())
        assert count >= 1
        assert any(f"process {process.pid} " in place for place in where)
        assert secret_scan.scan_arguments(process.pid)[0] <= 1
    finally:
        process.communicate(b"\n", timeout=10)


def test_only_public_messages_are_leaks() -> None:
    """A token in the text or blocks of a public message is a leak; in a private message it is not."""

    def seen(number: int, text: str, blocks: list[dict[str, str]], *, private: bool) -> TranscriptEntry:
        return TranscriptEntry(number, 0.0, "posted", "U0SWARM", ("U0ADA",), private, "C0PROD", "1.0", text, blocks)

    entries = [
        seen(1, TOKEN, [], private=True),
        seen(2, "joined", [], private=False),
        seen(3, TOKEN, [], private=False),
        seen(4, "x", [{"type": "section", "text": KEY}], private=False),
    ]
    assert secret_scan.scan_messages(entries) == (3, ["entry 3", "entry 4"])
