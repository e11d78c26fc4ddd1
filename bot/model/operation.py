"""An operation: one change to a cluster, as data. It can judge whether the wanted state already holds."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bot.errors import EngineError, Failed, SwarmbotError
from bot.model.cluster import NodeFacts
from bot.model.engine_api import Engines
from bot.model.facts import Facts, FactsQuery
from bot.model.raft_members import RaftMembers

_KINDS: dict[str, type[Operation]] = {}


@dataclass(frozen=True, slots=True)
class Operation(ABC):
    """One change to a cluster. Subclasses are frozen dataclasses of plain values (no secrets: plans are stored).

    The runner reads facts, skips the operation if it is ``satisfied``, otherwise applies it and waits until it is.
    """

    kind: ClassVar[str] = ""
    """The name under which it is stored. Every subclass sets its own."""
    timeout_s: ClassVar[float] = 30.0
    """How long the wanted state may take to be seen after ``apply`` returned."""
    facts_hold_s: ClassVar[float] = 0.0
    """How old, in seconds, the facts of the plan or of the step before may be to replace a reading just before it."""
    may_lose_manager: ClassVar[bool] = False
    """Whether it may take a manager away, permanently or for a while.

    If so, every host is read just before it, and the quorum gate (bot.swarm.quorum) decides whether it may run.
    """
    may_stop_waiting: ClassVar[bool] = False
    """Whether a cancelled job stops waiting for the wanted state: the engines continue by themselves for a long
    time."""
    check_only: ClassVar[bool] = False
    """Whether ``apply`` changes nothing and only reports what is wrong."""

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Register the operation by its kind. Raises TypeError if it has none, or the kind of another."""
        super(Operation, cls).__init_subclass__(**arguments)
        if inspect.isabstract(cls) or not cls.kind:
            raise TypeError(f"{cls.__name__} needs a kind of its own")
        known = _KINDS.setdefault(cls.kind, cls)
        if known.__qualname__ != cls.__qualname__ or known.__module__ != cls.__module__:
            raise TypeError(f"{cls.__name__} and {known.__name__} are both called {cls.kind!r}")
        _KINDS[cls.kind] = cls

    @property
    @abstractmethod
    def doing(self) -> str:
        """The step while it waits or runs: "`host-3` joining as a worker"."""

    @property
    @abstractmethod
    def done(self) -> str:
        """The wanted state: "`host-3` ready in prod"."""

    @property
    def query(self) -> FactsQuery:
        """Which facts ``satisfied`` needs."""
        return FactsQuery()

    def query_after(self, facts: Facts) -> FactsQuery:
        """Return what to read after it was applied; ``facts`` are from before. By default ``query``."""
        del facts
        return self.query

    def timeout(self, facts: Facts) -> float:
        """Return how many seconds to wait for the wanted state. ``facts`` are from before the change."""
        del facts
        return self.timeout_s

    def progress(self, facts: Facts) -> str:
        """Return how far it is, to follow ``doing``: "3 tasks left"; "" if that is not known."""
        del facts
        return ""

    def failed(self, facts: Facts) -> str:
        """Return why the wanted state will not come about, in a sentence; "" while it may. Then nothing is waited for.

        It is called before ``apply`` too: a job that another worker began may have failed meanwhile.
        """
        del facts
        return ""

    def seen(self, facts: Facts) -> str:
        """Return the state that was seen at the end: ``done``, and details from ``facts``."""
        del facts
        return self.done

    def raft(self, members: RaftMembers) -> RaftMembers:
        """Return the members of Raft after it, from those before it."""
        return members

    def record(self, node: NodeFacts) -> NodeFacts:
        """Return ``node`` with the role, state, labels and availability that it has after the operation."""
        return node

    @property
    def changed_service(self) -> str:
        """The id of the service whose spec it changes; "" if it changes none."""
        return ""

    @property
    def on_cancel(self) -> Operation | None:
        """What stops the engines if the job is cancelled while they bring about the wanted state; None if nothing can.

        It is carried out by the next worker too, so it must hold if there is nothing to stop.
        """
        return None

    def cancelled(self, facts: Facts) -> Failed:
        """Return the message about a cancelled job. ``facts`` are from after ``on_cancel``."""
        del facts
        return Failed(f"Cancelled before it was seen that {self.done}. The engines go on with it.")

    @property
    def needs_typed_secret(self) -> bool:
        """Whether it uses ``Facts.typed_secret``, which the requester types into a form."""
        return False

    @abstractmethod
    def satisfied(self, facts: Facts) -> bool:
        """Return whether ``facts`` show the wanted state."""

    @abstractmethod
    def apply(self, engines: Engines, facts: Facts) -> None:
        """Make the change. Raises the engine's error, which does not prove that nothing changed."""

    def goes_on_after(self, error: EngineError) -> bool:
        """Return whether the engine continues after this error, so that the step must wait for its state."""
        return error.status == 0  # a call without a reply may have been carried out

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Undo what was half done, and return the error to show, with the state now. Raises nothing.

        Called if ``apply`` failed or the wanted state was not seen. ``facts`` were read after that.
        """
        del engines, facts
        return Failed(
            error.happened,
            true_now=error.true_now or f"It was not seen that {self.done}.",
            next_step=error.next_step,
        )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Store an operation with its ``kind``, and read any of the registered kinds by it."""
        if cls is Operation:
            kinds = {name: handler.generate_schema(kind) for name, kind in _KINDS.items()}
            return core_schema.tagged_union_schema(kinds, discriminator="kind")
        schema = handler(source)
        schema["serialization"] = core_schema.wrap_serializer_function_ser_schema(_with_kind)  # type: ignore[index]
        return schema


def _with_kind(operation: Operation, stored: Callable[[Operation], dict[str, Any]]) -> dict[str, Any]:
    return {"kind": operation.kind, **stored(operation)}
