"""Seeds at rest: encrypted with a key that is in the environment alone."""

from __future__ import annotations

from bot.errors import Refused
from bot.secrets.secret import Secret
from bot.secrets.vault import Vault, WrongKey, vault_of


class Seeds:
    """Seals seeds with SWARMBOT_SECRET_KEY; without one every call raises :class:`Refused`. Safe between threads.

    Each person has a key of their own, so that a seed copied to another's place in Redis opens for nobody.
    """

    def __init__(self, key: Secret | None) -> None:
        self._key = key

    def seal(self, person: str, seed: Secret) -> str:
        """Encrypt a person's seed."""
        return self.require().seal(f"totp {person}", seed)

    def open(self, person: str, sealed: str) -> Secret:
        """Decrypt a person's seed; Refused when it was sealed with another key, or for another person."""
        try:
            return self.require().open(f"totp {person}", sealed)
        except WrongKey:
            raise Refused(
                "your second factor cannot be read: SWARMBOT_SECRET_KEY is not the one that it was stored with.",
                next_step="Whoever runs Swarmbot sets the old key again, or an administrator resets it.",
            ) from None

    def require(self) -> Vault:
        """Return what seals; Refused when no key is set."""
        return vault_of(self._key, "the second factor needs SWARMBOT_SECRET_KEY, which is not set.")
