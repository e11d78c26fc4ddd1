"""See that the unlock key which somebody typed opens a manager's key file, before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bot.errors import Failed, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation
from bot.swarm.health.lost_quorum import goes_on
from bot.swarm.recovery.given_key import given_key, other_key
from bot.swarm.recovery.key_file import OtherUnlockKey, UnknownKeyFile, opened


@dataclass(frozen=True, slots=True)
class TryKey(Operation):
    """The unlock key opens the key file of ``host``, or is not needed: it is open, or there is a quorum again."""

    kind: ClassVar[str] = "try key"
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
        if goes_on(facts, self.host):
            return True
        if host is None or host.key_file is None:
            return False
        if not host.key_file.locked:
            return True
        return facts.typed_secret is not None and open_with_given(facts, self.host) is not None

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Tell why not."""
        del engines
        given_key(facts)
        host = facts.hosts.get(self.host)
        if host is None or host.key_file is None:
            raise Failed(f"The key file of `{self.host}` cannot be read.")
        raise other_key(
            f"the key file of `{self.host}`",
            "Press Retry, and type the key that counted when its engine last ran: one that was rotated away before "
            "opens it no more.",
        )

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell how the host stands: this step changes nothing of it."""
        del engines
        host = facts.hosts.get(self.host)
        stands = f"is `{host.membership}`" if host is not None and host.answers else "does not answer"
        return Failed(error.happened, true_now=f"`{self.host}` {stands}, as it was.", next_step=error.next_step)


def open_with_given(facts: Facts, host: str) -> bytes | None:
    """The key file of ``host`` opened with the key that was given; None when that is another one."""
    key_file = facts.host(host).key_file
    if key_file is None or facts.typed_secret is None:
        return None
    try:
        return opened(key_file.text, facts.typed_secret)
    except (OtherUnlockKey, UnknownKeyFile):
        return None
