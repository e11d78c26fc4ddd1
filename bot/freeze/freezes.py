"""Whether a cluster is frozen: by `/swarm freeze`, kept in Redis until its end was told, or by swarmbot.yml."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from redis import Redis

from bot.audit import Audit, Entry
from bot.config import Config
from bot.freeze.windows import scheduled_span
from bot.model import Freeze
from bot.outbox.outbox import packed
from bot.outbox.outgoing import Outgoing
from bot.secrets.redact import redact
from bot.store import keys
from bot.store.client import translate_errors
from bot.store.scripts import Script
from bot.stored_json import from_json, to_json

LUA: Final = Path(__file__).parent / "lua"
UNTOLD_S: Final = 7 * 24 * 3600.0
"""If no worker runs for this long after the end of a freeze, its end is no longer reported."""


class Freezes:
    """Safe to share between threads; every method raises :class:`~bot.errors.Unavailable`."""

    def __init__(self, redis: Redis, audit: Audit, config: Config) -> None:
        self._redis = redis
        self._audit = audit
        self._config = config
        self._freeze = Script(redis, LUA / "freeze.lua")
        self._thaw = Script(redis, LUA / "thaw.lua")
        self._end = Script(redis, LUA / "end.lua")

    def active(self, cluster: str, now: float) -> Freeze | None:
        """Return the freeze in effect at ``now`` (unix seconds); if there are two, the one that ends last."""
        current = [freeze for freeze in (self.manual(cluster, now), self.scheduled(cluster, now)) if freeze]
        return max(current, key=lambda freeze: freeze.until, default=None)

    def manual(self, cluster: str, now: float) -> Freeze | None:
        """Return the freeze that `/swarm freeze` set, if it is in effect at ``now``."""
        freeze = self.kept(cluster)
        return freeze if freeze and freeze.until > now else None

    def kept(self, cluster: str) -> Freeze | None:
        """Return the freeze that `/swarm freeze` set, even if its time is over and nobody was told yet."""
        with translate_errors():
            found: Any = self._redis.get(keys.freeze(cluster))
        return from_json(Freeze, found) if found else None

    def scheduled(self, cluster: str, now: float) -> Freeze | None:
        """Return the freeze that swarmbot.yml schedules for ``now``; `/swarm thaw` cannot end it."""
        known = self._config.clusters.get(cluster)
        span = scheduled_span(known.freezes, now) if known else None
        return Freeze(cluster, span.end, "", span.reason, scheduled=True) if span else None

    def freeze(
        self,
        cluster: str,
        until: float,
        by: str,
        reason: str,
        entries: Sequence[Entry],
        *,
        replaces: Freeze | None = None,
    ) -> bool:
        """Freeze ``cluster`` until ``until`` (unix seconds), in place of the freeze that is kept.

        Return False if that is not ``replaces``.
        """
        stored = to_json(Freeze(cluster, until, by, redact(reason)))
        args = [stored, _ms(until + UNTOLD_S), _ms(replaces.until) if replaces else ""]
        reply = self._audit.commit(entries, lambda tail: self._freeze(_places(cluster), args + tail))
        return bool(reply[0] == "ok")

    def thaw(self, cluster: str, entries: Sequence[Entry], now: float) -> bool:
        """End the freeze that `/swarm freeze` set; if none is in effect at ``now``, return False and write nothing."""
        while freeze := self.manual(cluster, now):
            if self._thawed(freeze, entries):
                return True
        return False

    def _thawed(self, freeze: Freeze, entries: Sequence[Entry]) -> bool:
        """Return False if it is not kept any more."""
        places, until = _places(freeze.cluster), _ms(freeze.until)
        return bool(self._audit.commit(entries, lambda tail: self._thaw(places, [until, *tail]))[0] == "thawed")

    def end(self, ended: Freeze, message: Outgoing, entries: Sequence[Entry]) -> bool:
        """Delete a freeze whose time is over, and promise the message about it. Return whether this was done now.

        Only the first process does it.
        """
        places = [keys.freeze(ended.cluster), keys.OUTBOX, keys.OUTGOING, *keys.AUDIT]
        args = [_ms(ended.until), packed([message])]
        reply = self._audit.commit(entries, lambda tail: self._end(places, args + tail))
        return bool(reply[0] == "ok")


def _places(cluster: str) -> list[str]:
    return [keys.freeze(cluster), *keys.AUDIT]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"
