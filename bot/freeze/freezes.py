"""Whether a cluster is frozen: by `/swarm freeze`, kept in Redis until it ends, or by swarmbot.yml."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit import Audit, Entry
from bot.config import Config
from bot.freeze.windows import scheduled_span
from bot.model import Freeze
from bot.secrets.redact import redact
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script
from bot.stored_json import from_json, to_json

LUA: Final = Path(__file__).parent / "lua"


class Freezes:
    """Safe to share between threads; every method raises :class:`~bot.errors.Unavailable`."""

    def __init__(self, redis: Redis, audit: Audit, config: Config) -> None:
        self._redis = redis
        self._audit = audit
        self._config = config
        self._freeze = Script(redis, LUA / "freeze.lua")
        self._thaw = Script(redis, LUA / "thaw.lua")

    def active(self, cluster: str, now: float) -> Freeze | None:
        """Return the freeze in effect at ``now`` (unix seconds); of two, the one that ends last."""
        current = [freeze for freeze in (self.manual(cluster, now), self.scheduled(cluster, now)) if freeze]
        return max(current, key=lambda freeze: freeze.until, default=None)

    def manual(self, cluster: str, now: float) -> Freeze | None:
        """Return the freeze that `/swarm freeze` set, if it is in effect at ``now``."""
        with translate_errors():
            kept: Any = self._redis.get(keys.freeze(cluster))
        freeze = from_json(Freeze, kept) if kept else None
        return freeze if freeze and freeze.until > now else None

    def scheduled(self, cluster: str, now: float) -> Freeze | None:
        """Return the freeze that swarmbot.yml schedules for ``now``; `/swarm thaw` cannot end it."""
        known = self._config.clusters.get(cluster)
        span = scheduled_span(known.freezes, now) if known else None
        return Freeze(cluster, span.end, "", span.reason, scheduled=True) if span else None

    def freeze(self, cluster: str, until: float, by: str, reason: str, entries: Sequence[Entry]) -> None:
        """Freeze ``cluster`` until ``until`` (unix seconds); it replaces an earlier freeze."""
        stored = to_json(Freeze(cluster, until, by, redact(reason)))
        args = [stored, f"{until * 1000:.0f}"]
        self._audit.commit(entries, lambda tail: self._freeze(_places(cluster), args + tail))

    def thaw(self, cluster: str, entries: Sequence[Entry]) -> bool:
        """End the freeze that `/swarm freeze` set; if there is none, return False and write nothing."""
        reply = self._audit.commit(entries, lambda tail: self._thaw(_places(cluster), tail))
        return bool(reply[0] == "thawed")


def _places(cluster: str) -> list[str]:
    return [keys.freeze(cluster), *keys.AUDIT]
