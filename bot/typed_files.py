"""Compose files that were typed into a form: kept encrypted until they are deployed."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import Any

from redis import Redis

from bot.errors import Refused
from bot.secrets.secret import Secret
from bot.secrets.vault import Vault, WrongKey, require_vault
from bot.store import keys
from bot.store.client import translate_errors


class TypedFiles:
    """Compose files that people typed into a form. Safe to share between threads. Raises Unavailable without Redis.

    ``key`` is SWARMBOT_SECRET_KEY. A file is encrypted for its id, cluster and stack.
    """

    def __init__(self, redis: Redis, key: Secret | None) -> None:
        self._redis = redis
        self._key = key

    def require(self) -> Secret:
        """Return the key. Raise Refused if SWARMBOT_SECRET_KEY is not set."""
        require_vault(self._key, "what you type cannot be encrypted on its way: SWARMBOT_SECRET_KEY is not set.")
        assert self._key is not None  # noqa: S101 - require_vault has raised
        return self._key

    def keep(self, cluster: str, user: str, about: str, text: Secret) -> str:
        """Keep the file that a person typed about a stack, and return its id. Raise Refused as :meth:`require` does."""
        file_id = secrets.token_urlsafe(12)
        sealed = Vault(self.require()).seal(_typed(cluster, file_id), text)
        with translate_errors():
            self._redis.set(keys.typed_file(file_id), sealed, ex=keys.TYPED_FILE_TTL_S)
            self._redis.set(keys.typed_draft(cluster, user, about), file_id, ex=keys.TYPED_DRAFT_TTL_S)
        return file_id

    def last(self, cluster: str, user: str, about: str) -> Secret | None:
        """Return what this person typed last about a stack, for the next form.

        After a refused order nobody types it again.
        """
        with translate_errors():
            file_id: Any = self._redis.get(keys.typed_draft(cluster, user, about))
        with suppress(Refused):
            return self.read(cluster, file_id) if file_id else None
        return None

    def read(self, cluster: str, file_id: str) -> Secret:
        """Return a file. Raise Refused if it has expired or cannot be decrypted."""
        with translate_errors():
            sealed: Any = self._redis.get(keys.typed_file(file_id))
        try:
            if sealed is not None and self._key is not None:
                return Vault(self._key).open(_typed(cluster, file_id), sealed)
        except WrongKey:
            pass
        raise Refused(
            f"the typed compose file is not there any more: it is kept for {keys.TYPED_FILE_TTL_S // keys.DAY_S} days.",
            true_now="Nothing was changed.",
            next_step="Run the command again, and enter the file again.",
        )


def _typed(cluster: str, file_id: str) -> str:
    """Return what a typed file is bound to."""
    return f"typed compose file {cluster} {file_id}"
