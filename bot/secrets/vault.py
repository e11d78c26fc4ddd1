"""What must lie in Redis for a while is encrypted there, with a key that is in the environment alone."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import Refused
from bot.secrets.secret import Secret


class WrongKey(Exception):
    """It was sealed with another key, or for another place."""


class Vault:
    """Seals secrets with ``key`` (SWARMBOT_SECRET_KEY). Safe between threads.

    Each place has a key of its own, so that what is sealed for one opens in no other.
    """

    def __init__(self, key: Secret) -> None:
        self._key = key

    def seal(self, place: str, secret: Secret) -> str:
        """Encrypt a secret for ``place``."""
        return self._fernet(place).encrypt(secret.reveal().encode()).decode()

    def open(self, place: str, sealed: str) -> Secret:
        """Decrypt what was sealed for ``place``; raises :class:`WrongKey`."""
        try:
            return Secret(self._fernet(place).decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise WrongKey from None

    def _fernet(self, place: str) -> Fernet:
        derivation = HKDF(SHA256(), length=32, salt=None, info=f"swarmbot {place}".encode())
        return Fernet(base64.urlsafe_b64encode(derivation.derive(self._key.reveal().encode())))


def require_vault(key: Secret | None, unset: str) -> Vault:
    """What seals with ``key``; Refused, by the word ``unset``, where there is none."""
    if key is None:
        raise Refused(unset, next_step="Whoever runs Swarmbot sets it, for the web and worker processes alike.")
    return Vault(key)
