"""Secrets that people give with a command: from the web process to a worker, encrypted, once, within minutes."""

from __future__ import annotations

import secrets
from typing import Any

from redis import Redis

from bot.secrets.secret import TYPED_SECRET_TTL_S, Secret
from bot.secrets.vault import Vault, WrongKey, require_vault
from bot.store import keys
from bot.store.client import answering


class SecretInbox:
    """Keeps a secret in Redis, encrypted, until it is taken or ``TYPED_SECRET_TTL_S`` seconds have passed.

    Safe to share between threads; calls raise :class:`~bot.errors.Unavailable`. ``key`` is SWARMBOT_SECRET_KEY.
    """

    def __init__(self, redis: Redis, key: Secret | None) -> None:
        self._redis = redis
        self._key = key

    def require(self) -> Vault:
        """Return what seals; Refused when SWARMBOT_SECRET_KEY is not set."""
        return require_vault(
            self._key, "what you would type could not be kept safe on its way: SWARMBOT_SECRET_KEY is not set."
        )

    def keep(self, person: str, secret: Secret) -> str:
        """Keep what ``person`` gave, and return the id under which it is taken. Raises Refused."""
        given_id = secrets.token_urlsafe(12)
        sealed = self.require().seal(_place(person, given_id), secret)
        with answering():
            self._redis.set(keys.given(given_id), sealed, ex=TYPED_SECRET_TTL_S)
        return given_id

    def take(self, person: str, given_id: str) -> Secret | None:
        """Take what ``person`` gave out of Redis; None when it was taken before, is too old, or opens with no key."""
        with answering():
            sealed: Any = self._redis.getdel(keys.given(given_id))
        if sealed is None or self._key is None:
            return None
        try:
            return Vault(self._key).open(_place(person, given_id), sealed)
        except WrongKey:
            return None


def _place(person: str, given_id: str) -> str:
    return f"given {person} {given_id}"
