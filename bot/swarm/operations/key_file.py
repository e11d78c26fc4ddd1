"""Decrypt the key file of an autolocked manager, so that its engine can be forced to go on alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation
from bot.swarm.health.lost_quorum import is_back_in_quorum
from bot.swarm.recovery.autolock import typed_key, wrong_key
from bot.swarm.recovery.key_file import UnknownKeyFile, WrongUnlockKey, decrypted
from bot.swarm.recovery.split_brain import refuse_beside_quorum


@dataclass(frozen=True, slots=True)
class DecryptKeyFile(Operation):
    """The key file of ``host`` without encryption, and its engine running, in no cluster until it is forced.

    An engine that is forced starts its manager anew and forgets the unlock key; and one that is locked takes the key
    only when there is a quorum (docs/decisions/0017). The worker decrypts; the engine encrypts the file again when it
    is forced. Until then the file says of itself that it was locked.
    """

    kind: ClassVar[str] = "decrypt-key-file"
    patience: ClassVar[float] = 60.0

    host: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"the key file of `{self.host}` opened, for which its engine stops"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"`{self.host}` can be forced; its key file lies open until it is"

    @property
    def query(self) -> FactsQuery:
        """The host and its key file."""
        return FactsQuery(hosts=(self.host,), key_files=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """The engine runs with an open file; or, when this is begun anew after a crash, it has been forced already."""
        host = facts.hosts.get(self.host)
        if is_back_in_quorum(facts, self.host):
            return True
        return host is not None and host.key_file is not None and not host.key_file.locked

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Decrypt here, replace there; an engine that does not run after a crash is only started."""
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
        decrypted = open_with_given(facts, self.host)
        if decrypted is None:
            raise wrong_key(f"the key file of `{self.host}`", "Press Retry, and type it again.")
        engines[self.host].open_key_file(host.key_file.text, decrypted)

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what the key file is like now."""
        del engines
        host = facts.hosts.get(self.host)
        if host is None or not host.responds:
            truth = f"`{self.host}` does not answer, so it is not known whether its key file is open."
        elif host.key_file is None or host.key_file.locked:
            truth = f"`{self.host}` keeps its key encrypted as before; it is `{host.membership}`."
        else:
            truth = (
                f"The key file of `{self.host}` lies open on its disk; the host is `{host.membership}`, and a manager "
                "without a quorum when its engine is started anew."
            )
        step = f"`/swarm recover {self.host}` looks at everything anew."
        return Failed(error.happened, true_now=truth, next_step=error.next_step or step)


@dataclass(frozen=True, slots=True)
class CheckUnlockKey(Operation):
    """The unlock key opens the key file of ``host``, or is not needed: it is open, or there is a quorum again."""

    kind: ClassVar[str] = "check-unlock-key"
    only_looks: ClassVar[bool] = True
    patience: ClassVar[float] = 0.0

    host: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"trying the unlock key on the key file of `{self.host}`"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"the key file of `{self.host}` can be opened"

    @property
    def query(self) -> FactsQuery:
        """The key file."""
        return FactsQuery(hosts=(self.host,), key_files=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """It is not locked, or the key opens it."""
        host = facts.hosts.get(self.host)
        if is_back_in_quorum(facts, self.host):
            return True
        if host is None or host.key_file is None:
            return False
        if not host.key_file.locked:
            return True
        return facts.typed_secret is not None and open_with_given(facts, self.host) is not None

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Tell why not."""
        del engines
        typed_key(facts)
        host = facts.hosts.get(self.host)
        if host is None or host.key_file is None:
            raise Failed(f"The key file of `{self.host}` cannot be read.")
        raise wrong_key(
            f"the key file of `{self.host}`",
            "Press Retry, and type the key that counted when its engine last ran: one that was rotated away before "
            "opens it no more.",
        )

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell how the host stands: this step changes nothing of it."""
        del engines
        host = facts.hosts.get(self.host)
        stands = f"is `{host.membership}`" if host is not None and host.responds else "does not answer"
        return Failed(error.happened, true_now=f"`{self.host}` {stands}, as it was.", next_step=error.next_step)


def open_with_given(facts: Facts, host: str) -> bytes | None:
    """The key file of ``host`` opened with the key that was given; None when that is another one."""
    key_file = facts.host(host).key_file
    if key_file is None or facts.typed_secret is None:
        return None
    try:
        return decrypted(key_file.text, facts.typed_secret)
    except (WrongUnlockKey, UnknownKeyFile):
        return None


@dataclass(frozen=True, slots=True)
class AwaitEncryptedKeyFile(Operation):
    """The key file of ``host`` is encrypted: forced, its engine does it by itself with the cluster's unlock key."""

    kind: ClassVar[str] = "await-encrypted-key-file"
    only_looks: ClassVar[bool] = True
    patience: ClassVar[float] = 60.0

    host: str
    cluster: str

    @property
    def doing(self) -> str:
        """The step in words."""
        return f"`{self.host}` encrypting its key file again"

    @property
    def done(self) -> str:
        """The state that is then seen."""
        return f"the key file of `{self.host}` is encrypted, by the unlock key as before"

    @property
    def query(self) -> FactsQuery:
        """The key file."""
        return FactsQuery(hosts=(self.host,), key_files=(self.host,))

    def satisfied(self, facts: Facts) -> bool:
        """It is."""
        host = facts.hosts.get(self.host)
        return host is not None and host.key_file is not None and host.key_file.locked

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Nothing: it is the engine's to do."""

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what lies open."""
        del engines, facts
        return Failed(
            error.happened,
            true_now=f"{self.cluster} has a quorum; the key file of `{self.host}` lies open on its disk, or cannot be "
            "read.",
            next_step="`/swarm unlock-key --rotate` makes the engines encrypt anew.",
        )
