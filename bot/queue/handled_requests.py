"""Handles a press or form that Slack delivers twice once, and answers it once."""

from __future__ import annotations

from typing import Any, Final

from redis import Redis

from bot.store import keys
from bot.store.client import translate_errors

BEGUN_TTL_S: Final = 5
"""How long a request counts as being handled. If its process was killed, a later delivery is handled again."""
_BEGUN: Final = "begun"
_ENDED: Final = "ended "


class HandledRequests:
    """Safe to share between threads. Calls raise :class:`~bot.errors.Unavailable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(self, request_key: str) -> bool:
        """Return whether this is the first delivery of a request; then the caller handles it."""
        with translate_errors():
            return bool(self._redis.set(keys.delivery(request_key), _BEGUN, nx=True, ex=BEGUN_TTL_S))

    def end(self, request_key: str, answer: str = "") -> None:
        """Record that the request was handled. A second delivery gets ``answer``."""
        with translate_errors():
            self._redis.set(keys.delivery(request_key), _ENDED + answer, ex=keys.REQUEST_TTL_S)

    def forget(self, request_key: str) -> None:
        """Handle the next delivery as if it were the first: nothing was done, or a form stays open."""
        with translate_errors():
            self._redis.delete(keys.delivery(request_key))

    def answer(self, request_key: str) -> str:
        """Return the answer of a request that was handled; "" if it has none, or is being handled."""
        with translate_errors():
            stored: Any = self._redis.get(keys.delivery(request_key))
        return stored.removeprefix(_ENDED) if stored and stored.startswith(_ENDED) else ""
