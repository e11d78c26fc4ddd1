"""Decrypt the key file of an autolocked manager, so that its engine can be forced to continue alone."""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation
from bot.swarm.health.lost_quorum import is_back_in_quorum
from bot.swarm.recovery.autolock import typed_key, wrong_key
from bot.swarm.recovery.key_file import UnknownKeyFile, WrongUnlockKey, decrypted
from bot.swarm.recovery.split_brain import refuse_beside_quorum


@dataclass(frozen=True, slots=True)
class _OneKeyFile(ABC):
    """What the steps about the key file of one host have in common."""

    host: str
    cluster: str

    @property
    def query(self) -> FactsQuery:
        """Return a query for the host and its key file."""
        return FactsQuery(hosts=(self.host,), key_files=(self.host,))


@dataclass(frozen=True, slots=True)
class DecryptKeyFile(_OneKeyFile, Operation):
    """Decrypt a manager's key file. Its engine runs then, and is not part of any cluster until it is forced.

    An engine that is forced restarts its manager and forgets the unlock key, and a locked engine takes the key only
    when there is a quorum (docs/decisions/0017). So the worker decrypts the file, and the engine encrypts it again when
    it is forced. Until then a header in the file marks it as decrypted.
    """

    kind: ClassVar[str] = "decrypt-key-file"
    timeout_s: ClassVar[float] = 60.0

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"decrypting the key file of `{self.host}` with its engine stopped"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the key file of `{self.host}` is decrypted until its engine is forced"

    @property
    def needs_typed_secret(self) -> bool:
        """Return whether the unlock key is used: always."""
        return True

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the file is decrypted or, in a plan run again after a crash, the engine is forced already."""
        host = facts.hosts.get(self.host)
        if is_back_in_quorum(facts, self.host):
            return True
        return host is not None and host.key_file is not None and not host.key_file.locked

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Decrypt the file here and replace it on the host. An engine that a crash left stopped is only started."""
        refuse_beside_quorum(facts, self.host)
        host = facts.host(self.host)
        if not host.responds:
            engines[self.host].start_engine()
            return
        if host.key_file is None:
            raise Failed(f"The key file of `{self.host}` cannot be read.")
        if not host.key_file.locked:
            return
        typed_key(facts)
        decrypted = decrypted_key_file(facts, self.host)
        if decrypted is None:
            raise wrong_key(f"the key file of `{self.host}`", "Press Retry and type it again.")
        engines[self.host].open_key_file(host.key_file.text, decrypted)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the state of the key file."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            state = f"`{self.host}` does not respond: whether its key file is decrypted is unknown."
        elif host.key_file is None or host.key_file.locked:
            state = f"The key file of `{self.host}` is still encrypted; the host is `{host.membership}`."
        else:
            state = (
                f"The key file of `{self.host}` is decrypted on its disk; the host is `{host.membership}`. When its "
                "engine restarts, it is a manager without a quorum."
            )
        step = f"`/swarm recover {self.host}` reads all hosts again and continues."
        return Failed(error.happened, true_now=state, next_step=error.next_step or step)


@dataclass(frozen=True, slots=True)
class CheckUnlockKey(_OneKeyFile, Operation):
    """Check that the typed unlock key decrypts a manager's key file, before anything is changed.

    The key is not needed if the file is already decrypted, or if there is a quorum again.
    """

    kind: ClassVar[str] = "check-unlock-key"
    check_only: ClassVar[bool] = True
    timeout_s: ClassVar[float] = 0.0

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"checking the unlock key with the key file of `{self.host}`"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the key file of `{self.host}` can be decrypted"

    @property
    def needs_typed_secret(self) -> bool:
        """Return whether the unlock key is used: always."""
        return True

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the file is not encrypted, or the key decrypts it."""
        host = facts.hosts.get(self.host)
        if is_back_in_quorum(facts, self.host):
            return True
        if host is None or host.key_file is None:
            return False
        if not host.key_file.locked:
            return True
        return facts.typed_secret is not None and decrypted_key_file(facts, self.host) is not None

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Raise Failed with the reason why the file cannot be decrypted. Nothing is changed."""
        del engines
        typed_key(facts)
        host = facts.hosts.get(self.host)
        if host is None or host.key_file is None:
            raise Failed(f"The key file of `{self.host}` cannot be read.")
        raise wrong_key(
            f"the key file of `{self.host}`",
            "Press Retry and type the key that was valid when its engine last ran: an older key does not decrypt it.",
        )

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with the host's state, which this step does not change."""
        del engines
        host = facts.hosts.get(self.host)
        state = f"is `{host.membership}`" if host is not None and host.responds else "does not respond"
        return Failed(
            error.happened, true_now=f"`{self.host}` {state}. Nothing was changed.", next_step=error.next_step
        )


def decrypted_key_file(facts: Facts, host: str) -> bytes | None:
    """Return the host's key file, decrypted with the typed key; None if that key does not decrypt it."""
    key_file = facts.host(host).key_file
    if key_file is None or facts.typed_secret is None:
        return None
    try:
        return decrypted(key_file.text, facts.typed_secret)
    except (WrongUnlockKey, UnknownKeyFile):
        return None


@dataclass(frozen=True, slots=True)
class AwaitEncryptedKeyFile(_OneKeyFile, Operation):
    """Wait until a manager's key file is encrypted: a forced engine does so with the cluster's unlock key."""

    kind: ClassVar[str] = "await-encrypted-key-file"
    check_only: ClassVar[bool] = True
    timeout_s: ClassVar[float] = 60.0

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"waiting until `{self.host}` encrypts its key file again"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the key file of `{self.host}` is encrypted with the unlock key again"

    def satisfied(self, facts: Facts) -> bool:
        """Return whether the file is encrypted."""
        host = facts.hosts.get(self.host)
        return host is not None and host.key_file is not None and host.key_file.locked

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Do nothing: the engine encrypts the file by itself."""

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Return the error with what is known of the key file."""
        del engines, facts
        return Failed(
            error.happened,
            true_now=f"{self.cluster} has a quorum. The key file of `{self.host}` is not encrypted on its disk, or "
            "cannot be read.",
            next_step="`/swarm unlock-key --rotate` makes the engines encrypt their key files again.",
        )
