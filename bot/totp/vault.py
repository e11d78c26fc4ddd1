"""Seeds at rest: encrypted with a key that is in the environment alone."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import Refused
from bot.secret import Secret


class Vault:
    """Seals seeds with SWARMBOT_SECRET_KEY; without one every call raises :class:`Refused`. Safe between threads.

    Each person has a key of their own, so that a seed copied to another's place in Redis opens for nobody.
    """

    def __init__(self, key: Secret | None) -> None:
        self._key = key

    def seal(self, person: str, seed: Secret) -> str:
        """Encrypt a person's seed."""
        return self._fernet(person).encrypt(seed.reveal().encode()).decode()

    def open(self, person: str, sealed: str) -> Secret:
        """Decrypt a person's seed; Refused when it was sealed with another key, or for another person."""
        try:
            return Secret(self._fernet(person).decrypt(sealed.encode()).decode())
        except InvalidToken:
            raise Refused(
                "your second factor cannot be read: SWARMBOT_SECRET_KEY is not the one that it was stored with.",
                next_step="Whoever runs Swarmbot sets the old key again, or an administrator resets it.",
            ) from None

    def require(self) -> Secret:
        """Return the key; Refused when none is set."""
        if self._key is None:
            raise Refused(
                "the second factor needs SWARMBOT_SECRET_KEY, which is not set.",
                next_step="Whoever runs Swarmbot sets it, for the web and worker processes alike.",
            )
        return self._key

    def _fernet(self, person: str) -> Fernet:
        derivation = HKDF(SHA256(), length=32, salt=None, info=f"swarmbot totp {person}".encode())
        return Fernet(base64.urlsafe_b64encode(derivation.derive(self.require().reveal().encode())))
