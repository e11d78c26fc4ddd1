"""Encryption of secrets that must be stored in Redis for a while. The key is only in the environment."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import Refused
from bot.secrets.secret import Secret


class WrongKey(Exception):
    """It was encrypted with another key, or for another purpose."""


class Vault:
    """Encrypts secrets with ``key`` (SWARMBOT_SECRET_KEY). Safe to share between threads.

    Each purpose has a derived key, so that what is encrypted for one cannot be opened for another.
    """

    def __init__(self, key: Secret) -> None:
        self._key = key

    def seal(self, purpose: str, secret: Secret) -> str:
        """Encrypt a secret for ``purpose``."""
        return self._fernet(purpose).encrypt(secret.reveal().encode()).decode()

    def open(self, purpose: str, sealed: str) -> Secret:
        """Decrypt what was encrypted for ``purpose``. Raises :class:`WrongKey`."""
        try:
            return Secret(self._fernet(purpose).decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise WrongKey from None

    def _fernet(self, purpose: str) -> Fernet:
        derivation = HKDF(SHA256(), length=32, salt=None, info=f"swarmbot {purpose}".encode())
        return Fernet(base64.urlsafe_b64encode(derivation.derive(self._key.reveal().encode())))


def require_vault(key: Secret | None, unset: str) -> Vault:
    """Return the vault of ``key``. Raises Refused with the text ``unset`` if there is no key."""
    if key is None:
        raise Refused(unset, next_step="Whoever runs Swarmbot must set it, for the web and worker processes.")
    return Vault(key)
