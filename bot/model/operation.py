"""An operation: one change to a cluster, as data, that knows how to tell whether it already holds."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bot.errors import Failed, SwarmbotError
from bot.model.cluster import NodeFacts
from bot.model.engine_api import Engines
from bot.model.facts import Facts, FactsQuery
from bot.model.raft_members import RaftMembers

_KINDS: dict[str, type[Operation]] = {}


@dataclass(frozen=True, slots=True)
class Operation(ABC):
    """One change. The runner reads facts, skips it when ``satisfied``, else applies it and waits for ``satisfied``.

    Subclasses are frozen dataclasses of plain values (no secrets: plans are stored) and set ``kind``.
    ``patience`` is how many seconds the wanted state may take to be seen after ``apply`` returned. ``weakens`` says
    that it may take a manager away, for good or for a while: every host is looked at just before, and the quorum gate
    is asked (bot.swarm.quorum). ``only_looks`` says that its ``apply`` changes nothing and merely tells what is wrong.
    """

    kind: ClassVar[str] = ""
    patience: ClassVar[float] = 30.0
    weakens: ClassVar[bool] = False
    only_looks: ClassVar[bool] = False

    def __init_subclass__(cls, **arguments: Any) -> None:
        """Register the operation under its kind; TypeError for one without a kind or with another's."""
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
        """The step in words while it waits or runs: "`host-3` joining as a worker"."""

    @property
    @abstractmethod
    def done(self) -> str:
        """The state that is then seen: "`host-3` ready in prod"."""

    @property
    def query(self) -> FactsQuery:
        """What ``satisfied`` needs to be seen."""
        return FactsQuery()

    def waits(self, facts: Facts) -> float:
        """How many seconds to wait for the wanted state, with ``facts`` as they were before: ``patience``."""
        del facts
        return self.patience

    def progress(self, facts: Facts) -> str:
        """How far it has come, behind ``doing`` while it is waited for: "3 tasks left"; "" when there is no telling."""
        del facts
        return ""

    def seen(self, facts: Facts) -> str:
        """The state in which it has ended: ``done``, and what ``facts`` tell beside it."""
        del facts
        return self.done

    def raft(self, members: RaftMembers) -> RaftMembers:
        """The members of Raft after it, from those before it."""
        return members

    def record(self, node: NodeFacts) -> NodeFacts:
        """The record of any node after it, from that before it, as far as labels and availability go."""
        return node

    @abstractmethod
    def satisfied(self, facts: Facts) -> bool:
        """Whether the wanted state is seen in ``facts``."""

    @abstractmethod
    def apply(self, engines: Engines, facts: Facts) -> None:
        """Make the change. Raises whatever the engine answered; that is not the last word on what is true."""

    def settle(self, engines: Engines, facts: Facts, error: SwarmbotError) -> SwarmbotError:
        """Tell what is true after ``apply`` failed or was not seen to work, having undone what was half made.

        ``facts`` were read after the failure. Returns the error for the person; raises none.
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
