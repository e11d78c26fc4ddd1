"""What watch knows beside a cluster's facts: Redis' durability, the audit log, backups, tokens that were shown."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from redis import Redis

from bot.audit import Archive, Audit, Filter, StoredEntry
from bot.errors import SwarmbotError
from bot.model import Engines
from bot.model.incident import WatchSettings
from bot.model.observation import Extra, ShownToken
from bot.store import durability

INTERVAL_S: Final = 300.0
"""Seconds between two readings of everything except the audit log."""
AUDIT_INTERVAL_S: Final = 24 * 3600.0
"""Seconds between two verifications of the audit log, which read all of it."""
MAX_ENTRIES: Final = 1000
ROLES: Final = ("worker", "manager")

log = logging.getLogger(__name__)


class Upkeep:
    """Safe to share between threads: one calls ``run_once``, others ``known``.

    ``clusters`` are the engines of each cluster. Data that is not about a single cluster is part of the first
    cluster's.
    """

    def __init__(
        self,
        redis: Redis,
        audit: Audit,
        archive: Archive | None,
        clusters: Mapping[str, Engines],
        settings: WatchSettings,
    ) -> None:
        self._redis = redis
        self._audit = audit
        self._archive = archive
        self._clusters = clusters
        self._settings = settings
        self._lock = threading.Lock()
        self._known: dict[str, Extra] = {}
        self._verified_at = float("-inf")
        self._audit_problem: str | None = None

    def known(self, cluster: str) -> Extra:
        """Return what was read last; nothing before the first run."""
        with self._lock:
            return self._known.get(cluster, Extra())

    def run_once(self) -> None:
        """Read the data. What cannot be read is unknown."""
        for place, (name, engines) in enumerate(self._clusters.items()):
            taken = last_backup(engines) if self._settings.backup_days else None
            extra = Extra(last_backup=taken, tokens=self._tokens(name))
            if place == 0:
                extra = replace(extra, redis_problems=self._redis_problems(), audit_problem=self._verified())
            with self._lock:
                self._known[name] = extra

    def _redis_problems(self) -> tuple[str, ...] | None:
        try:
            return tuple(durability.problems(self._redis))
        except SwarmbotError:
            return None

    def _verified(self) -> str | None:
        now = time.monotonic()
        if now - self._verified_at >= AUDIT_INTERVAL_S:
            self._verified_at = now
            try:
                verification = self._audit.verify(self._archive)
            except (SwarmbotError, OSError) as error:
                log.warning("The audit log was not verified: %s", error)
                self._audit_problem = None
            else:
                self._audit_problem = (
                    "" if verification.ok else f"Entry {verification.first_bad}: {verification.problem}."
                )
        return self._audit_problem

    def _tokens(self, cluster: str) -> tuple[ShownToken, ...] | None:
        if not self._settings.token_days:
            return None
        try:
            entries = [
                entry
                for command in ("token", "ca")
                for entry in self._audit.query(Filter(command=command, cluster=cluster), count=MAX_ENTRIES)
            ]
        except SwarmbotError:
            return None
        entries.sort(key=lambda entry: -entry.seq)
        return tuple(token for role in ROLES for token in shown_tokens(entries, role))


def last_backup(engines: Engines) -> float | None:
    """Return when the newest backup was taken, unix seconds; 0 if there is none, None if that is not known."""
    try:
        newest = engines.backup_store.list_backups().newest
    except SwarmbotError as error:
        log.info("The backups were not listed: %s", error)
        return None
    return newest.taken_at if newest else 0.0


def shown_tokens(entries: Iterable[StoredEntry], role: str) -> list[ShownToken]:
    """Return when the token of a role was shown since its last rotation. ``entries`` begin with the newest."""
    found: list[ShownToken] = []
    rotation = ""
    for entry in entries:
        shown = entry.action == "told secret" and entry.detail.startswith(f"{role} token")
        rotated = entry.action == "ended" and entry.detail.startswith("succeeded") and _rotates(entry.words, role)
        if rotation and (rotated or shown) and entry.job != rotation:
            break
        if shown:
            by = entry.detail.rpartition(" ")[2]
            found.append(ShownToken("manager" if role == "manager" else "worker", entry.at, by))
        elif rotated:
            rotation = entry.job
    return found


def _rotates(words: str, role: str) -> bool:
    return "--rotate" in words.split() and words.startswith((f"token {role}", "ca "))
