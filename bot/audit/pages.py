"""Pages of the audit log that were shown: a button carries a page's id, and what it showed is looked up."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from redis import Redis

from bot.audit.filter import Filter
from bot.store import keys
from bot.store.client import translate_errors
from bot.stored_json import from_json, to_json


@dataclass(frozen=True, slots=True)
class Page:
    """``count`` entries at most, from place ``first`` (the newest) to ``last``; ``cluster`` "" means all of them."""

    cluster: str
    wanted: Filter
    count: int
    first: int
    last: int


class Pages:
    """Safe to share between threads; methods raise Unavailable."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def keep(self, page: Page) -> str:
        """Keep a page for AUDIT_PAGE_KEPT seconds and return its id."""
        page_id = secrets.token_urlsafe(9)
        with translate_errors():
            self._redis.set(keys.audit_page(page_id), to_json(page), ex=keys.AUDIT_PAGE_TTL_S)
        return page_id

    def get(self, page_id: str) -> Page | None:
        """The page of this id, while it is kept."""
        with translate_errors():
            text = self._redis.get(keys.audit_page(page_id))
        return from_json(Page, str(text)) if text else None
