"""Remove old contents of a stack's configs and secrets, once a deploy has made newer ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from bot.blocks import tick
from bot.model import Engines, Facts, FactsQuery, ObjectType, Operation, StackQuery
from bot.swarm.operations.spec_updates import reading_manager
from bot.swarm.stacks.versions import in_use


@dataclass(frozen=True, slots=True)
class RemoveVersion(Operation):
    """Remove one content of a config or secret, unless a service uses it or could return to it by now."""

    kind: ClassVar[str] = "remove-version"

    stack: str
    type: ObjectType
    object: str
    """The object's name."""
    id: str

    @property
    def doing(self) -> str:
        """Return the step in words."""
        return f"`-` removing the old {self.type} {tick(self.object)}, which no service uses"

    @property
    def done(self) -> str:
        """Return the wanted state in words."""
        return f"the old {self.type} {tick(self.object)} is removed"

    @property
    def query(self) -> FactsQuery:
        """Return a query for the objects, and for every spec that may name one."""
        return FactsQuery(services=True, good_specs=True, stack=StackQuery(self.stack, objects_only=True))

    def satisfied(self, facts: Facts) -> bool:
        """Return whether it is removed, or a service uses it: then it stays."""
        return facts.stack is not None and (not self._exists(facts) or in_use(facts, self.id))

    def seen(self, facts: Facts) -> str:
        """Return whether it is removed or stays."""
        text = f"the old {self.type} {tick(self.object)} is kept: a service uses it now, or could return to it"
        return text if self._exists(facts) else self.done

    def apply(self, engines: Engines, facts: Facts) -> None:
        """Remove it. An engine refuses that if a service uses it."""
        reading_manager(engines, facts).write("DELETE", f"/{self.type}s/{quote(self.id, safe='')}", api="")

    def _exists(self, facts: Facts) -> bool:
        return facts.stack is not None and any(each.id == self.id for each in facts.stack.objects)
