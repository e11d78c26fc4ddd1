"""Searches for join tokens and unlock keys in Redis, files, process arguments and public messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from redis import Redis

from sandbox.slack.transcript import TranscriptEntry

SECRET_PATTERN: Final = re.compile(rb"SWM(?:TKN|KEY)-\d")
_READ: Final[dict[str, Callable[[Redis, str], Any]]] = {
    "string": lambda redis, key: redis.get(key),
    "hash": lambda redis, key: redis.hgetall(key),
    "list": lambda redis, key: redis.lrange(key, 0, -1),
    "set": lambda redis, key: redis.smembers(key),
    "zset": lambda redis, key: redis.zrange(key, 0, -1, withscores=True),
    "stream": lambda redis, key: redis.xrange(key),
}


def has_secret(text: bytes) -> bool:
    """Return whether ``text`` contains a join token or an unlock key."""
    return SECRET_PATTERN.search(text) is not None


def scan_redis(redis: Redis) -> tuple[int, list[str]]:
    """Return the number of keys of all types, and the keys that hold a secret."""
    found = sorted(redis_contents(redis))
    return len(found), [each.partition(" ")[0] for each in found if has_secret(each.encode())]


def redis_contents(redis: Redis) -> Iterator[str]:
    """Return each key with its whole value, of every type; ``redis`` decodes responses."""
    for key in redis.scan_iter(count=1000):
        if read := _READ.get(str(redis.type(key))):  # a key that expired since it was listed has no type
            yield f"{key} {read(redis, key)!r}"


def scan_files(paths: Iterable[Path]) -> tuple[int, list[str]]:
    """Return the number of files in and below ``paths``, and the files that hold a secret."""
    files = sorted({file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])})
    read = [file for file in files if file.is_file()]
    return len(read), [str(file) for file in read if has_secret(file.read_bytes())]


def scan_arguments(ancestor: int) -> tuple[int, list[str]]:
    """Return the number of descendants of process ``ancestor``, and those with a secret in their arguments."""
    count = 0
    leaks = []
    for pid in descendants(ancestor):
        with suppress(OSError):
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
            count += 1
            if has_secret(arguments):
                leaks.append(f"process {pid} ({Path(f'/proc/{pid}/comm').read_text().strip()})")
    return count, leaks


def scan_messages(entries: Iterable[TranscriptEntry]) -> tuple[int, list[str]]:
    """Return the number of entries that more than one person saw, and those that showed a secret."""
    public = [entry for entry in entries if not entry.private and entry.kind != "typed"]
    return len(public), [f"entry {e.number}" for e in public if has_secret(f"{e.text} {e.blocks!r}".encode())]


def descendants(ancestor: int) -> Iterator[int]:
    """Return the descendants of a process, including those inside its Docker hosts."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    for pid, parent in parents.items():
        above = parent
        while above not in {0, ancestor}:
            above = parents.get(above, 0)
        if above == ancestor:
            yield pid
