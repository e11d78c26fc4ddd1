"""Secrets that people type with a command: encrypted on their way from the web process to a worker, for minutes."""

from __future__ import annotations

import secrets
from typing import Any

from redis import Redis

from bot.secrets.secret import TYPED_SECRET_TTL_S, Secret
from bot.secrets.vault import Vault, WrongKey, require_vault
from bot.store import keys
from bot.store.client import translate_errors


class SecretInbox:
    """Keeps a secret in Redis, encrypted, until it is taken or ``TYPED_SECRET_TTL_S`` seconds have passed.

    Safe to share between threads. Calls raise :class:`~bot.errors.Unavailable`. ``key`` is SWARMBOT_SECRET_KEY.
    """

    def __init__(self, redis: Redis, key: Secret | None) -> None:
        self._redis = redis
        self._key = key

    def require(self) -> Vault:
        """Return the vault that encrypts. Raise Refused if SWARMBOT_SECRET_KEY is not set."""
        return require_vault(self._key, "what you type cannot be encrypted on its way: SWARMBOT_SECRET_KEY is not set.")

    def keep(self, person: str, secret: Secret) -> str:
        """Keep what ``person`` typed and return the id to take it by. Raise Refused as :meth:`require` does."""
        secret_id = secrets.token_urlsafe(12)
        sealed = self.require().seal(_context(person, secret_id), secret)
        with translate_errors():
            self._redis.set(keys.secret(secret_id), sealed, ex=TYPED_SECRET_TTL_S)
        return secret_id

    def take(self, person: str, secret_id: str) -> Secret | None:
        """Take what ``person`` typed out of Redis. None if it was taken before, has expired or cannot be decrypted."""
        with translate_errors():
            sealed: Any = self._redis.getdel(keys.secret(secret_id))
        if sealed is None or self._key is None:
            return None
        try:
            return Vault(self._key).open(_context(person, secret_id), sealed)
        except WrongKey:
            return None


def _context(person: str, secret_id: str) -> str:
    """Return what a sealed secret is bound to: it opens for nobody else and under no other id."""
    return f"typed secret {person} {secret_id}"
