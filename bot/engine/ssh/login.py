"""Login by public key: one key after the other, over several connections if the server ends one after some keys."""

from __future__ import annotations

from typing import Final

import paramiko

from bot.blocks import plain_line
from bot.engine.ssh import failures
from bot.engine.ssh.identities import Identities
from bot.engine.ssh.target import SshTarget

MAX_KEYS_A_CONNECTION: Final = 5
"""sshd closes the connection at the sixth refused key (MaxAuthTries)."""
MAX_KEYS: Final = 20
"""Each further connection looks more like an attack to the host."""


class Login:
    """One login at ``target``. Close it."""

    def __init__(self, target: SshTarget) -> None:
        self._target = target
        self._identities = Identities(target)
        self._tried: list[str] = []

    def close(self) -> None:
        """Close what the keys need."""
        self._identities.close()

    def attempt(self, transport: paramiko.Transport) -> bool:
        """Log in; return False if the next keys need another connection.

        Raises HostUnreachable (``key refused``); paramiko's and OS errors if the connection breaks.
        """
        for here, (label, key) in enumerate(self._identities, 1):
            self._tried.append(label)
            try:
                if not transport.auth_publickey(self._target.user, key):
                    return True
                raise self._refused("it requires more than a key")
            except paramiko.BadAuthenticationType as error:
                allowed = plain_line(", ".join(error.allowed_types))
                raise self._refused(f"it accepts no keys, only {allowed}") from None
            except paramiko.AuthenticationException:
                if len(self._tried) == MAX_KEYS:
                    break
                if here == MAX_KEYS_A_CONNECTION or not transport.is_active():
                    return False
        raise self._refused("it accepts none of our keys")

    def _refused(self, why: str) -> Exception:
        return failures.login_refused(self._target, [*self._tried, *self._identities.unusable], why)
