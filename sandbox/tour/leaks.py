"""Looks for join tokens and unlock keys wherever none may be: Redis, files, processes' arguments, public messages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from redis import Redis

from sandbox.slack.transcript import Seen

MARK: Final = re.compile(rb"SWM(?:TKN|KEY)-\d")
_READ: Final[dict[str, Callable[[Redis, str], Any]]] = {
    "string": lambda redis, key: redis.get(key),
    "hash": lambda redis, key: redis.hgetall(key),
    "list": lambda redis, key: redis.lrange(key, 0, -1),
    "set": lambda redis, key: redis.smembers(key),
    "zset": lambda redis, key: redis.zrange(key, 0, -1, withscores=True),
    "stream": lambda redis, key: redis.xrange(key),
}


def in_redis(redis: Redis) -> tuple[int, list[str]]:
    """Return how many keys there are, of every type, and in which ones there is a secret."""
    found = sorted(contents(redis))
    return len(found), [each.partition(" ")[0] for each in found if holds(each.encode())]


def contents(redis: Redis) -> Iterator[str]:
    """Every key with all that is in it, of whatever type; ``redis`` decodes responses."""
    for key in redis.scan_iter(count=1000):
        if read := _READ.get(str(redis.type(key))):  # of no type is one that has expired since it was listed
            yield f"{key} {read(redis, key)!r}"


def in_files(paths: Iterable[Path]) -> tuple[int, list[str]]:
    """Return how many files there are among ``paths`` and beneath them, and which ones hold a secret."""
    files = sorted({file for path in paths for file in (path.rglob("*") if path.is_dir() else [path])})
    read = [file for file in files if file.is_file()]
    return len(read), [str(file) for file in read if holds(file.read_bytes())]


def in_arguments(ancestor: int) -> tuple[int, list[str]]:
    """Return how many processes descend from ``ancestor``, and which of them were started with a secret."""
    found = 0
    leaks = []
    for pid in descendants(ancestor):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            found += 1
            if holds(words):
                leaks.append(f"process {pid} ({Path(f'/proc/{pid}/comm').read_text().strip()})")
    return found, leaks


def in_messages(entries: Iterable[Seen]) -> tuple[int, list[str]]:
    """Return how many things more than one person saw, and which of them showed a secret."""
    public = [entry for entry in entries if not entry.private and entry.kind != "typed"]
    return len(public), [f"entry {e.number}" for e in public if holds(f"{e.text} {e.blocks!r}".encode())]


def holds(text: bytes) -> bool:
    """Whether there is a join token or an unlock key in ``text``."""
    return MARK.search(text) is not None


def descendants(ancestor: int) -> Iterator[int]:
    """The processes that come from ``ancestor``, those inside its Docker hosts too."""
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
