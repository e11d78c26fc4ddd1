"""A stand-in for a cluster with one fact, and an operation over it: for tests of how a step is carried out."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from bot.errors import EngineError, Failed, SwarmbotError
from bot.model import BackupStore, Engine, Engines, Facts, FactsQuery, StackRecorder
from bot.swarm.operations import LabelHost


class World:
    """A cluster with two facts: whether the wanted state holds, and what was done to bring it about."""

    def __init__(self) -> None:
        self.holds = False
        self.mute = False
        self.log: list[str] = []
        self.pauses: list[float] = []
        self.on_apply: Callable[[], None] = lambda: None
        self.on_pause: Callable[[], None] = lambda: None

    def __getitem__(self, host: str) -> Engine:
        """No engine is asked."""
        raise KeyError(host)

    def names(self) -> tuple[str, ...]:
        """No hosts."""
        return ()

    def address(self, host: str) -> str:
        """No addresses."""
        raise KeyError(host)

    @property
    def backup_store(self) -> BackupStore:
        """No backups."""
        raise AssertionError("it has neither backups nor stacks")

    @property
    def stack_recorder(self) -> StackRecorder:
        """No stacks."""
        raise AssertionError("it has neither backups nor stacks")

    def read(self, query: FactsQuery) -> Facts:
        """Return facts whose name says whether the state held when they were read."""
        assert query.hosts == ("host-3",)
        self.log.append("read")
        if query.secrets and self.mute:
            raise EngineError("host-3", 0, "no token in time")
        return Facts("holds" if self.holds and not self.mute else "does not", 0.0, {})

    def pause(self, seconds: float) -> None:
        """Note the time instead of waiting."""
        self.pauses.append(seconds)
        self.on_pause()


class Wanted(LabelHost):
    """An operation over a World."""

    kind: ClassVar[str] = "a test's step"
    timeout_s: ClassVar[float] = 30.0

    def satisfied(self, facts: Facts) -> bool:
        """As the facts say."""
        return facts.name == "holds"

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Do what the test wants done."""
        assert isinstance(engines, World)
        assert facts.name == "does not"
        engines.log.append("apply")
        engines.on_apply()

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Note the call and its facts."""
        assert isinstance(engines, World)
        engines.log.append("settle")
        return Failed(error.happened, true_now=facts.name, next_step="settled")
