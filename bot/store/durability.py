"""Whether the Redis server keeps what is stored: checked by ``doctor`` and /readyz."""

from __future__ import annotations

import contextlib
from typing import Any, Final

from redis import Redis
from redis.exceptions import ResponseError

from bot.store.client import translate_errors

MIN_VERSION: Final = (6, 2)


def problems(client: Redis) -> list[str]:
    """Return a sentence for each setting that would lose, evict or refuse data, with the fix. Empty if there is none.

    Raise Unavailable if Redis does not respond.
    """
    with translate_errors():
        info: dict[str, Any] = client.info()
        found = [*_version(info), *_role(info), *_persistence(info), *_eviction(info)]
        # Managed servers and ACL users may not read the configuration: then INFO is all there is.
        with contextlib.suppress(ResponseError):
            if info.get("aof_enabled") and client.config_get("appendfsync").get("appendfsync") == "no":
                found.append("`appendfsync` is `no`: a power failure loses up to 30 s of data. Set it to `everysec`.")
    return found


def _version(info: dict[str, Any]) -> list[str]:
    text = str(info.get("redis_version", "0"))
    version = tuple(int(part) for part in text.split(".")[:2] if part.isdecimal())
    return [] if version >= MIN_VERSION else [f"Redis is {text}; Swarmbot needs 6.2 or newer. Upgrade the server."]


def _role(info: dict[str, Any]) -> list[str]:
    if info.get("role") in {None, "master"}:
        return []
    return ["This server is a replica and does not accept writes. Set REDIS_URL to the master or its Sentinels."]


def _persistence(info: dict[str, Any]) -> list[str]:
    if not info.get("aof_enabled"):
        return [
            "`appendonly` is off: a crash of Redis loses jobs and audit entries. Set `appendonly yes` in redis.conf."
        ]
    if info.get("aof_last_write_status", "ok") != "ok":
        return ["The last write to Redis' append-only file failed. Check its log and its disk."]
    return []


def _eviction(info: dict[str, Any]) -> list[str]:
    policy = info.get("maxmemory_policy", "noeviction")
    if policy == "noeviction":
        return []
    return [f"`maxmemory-policy` is `{policy}`: a full Redis deletes jobs. Set `maxmemory-policy noeviction`."]
