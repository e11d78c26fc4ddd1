"""Carry out one operation: look, apply unless it holds, and look until it is seen to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from bot.errors import EngineError, Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation

Read = Callable[[FactsQuery], Facts]
Pause = Callable[[float], None]
"""Waits so many seconds; raises when the job is no longer ours."""

Allow = Callable[[Facts], None]
"""Is asked just before a change, with the facts as they are; raises Refused where it must not be made."""

Tell = Callable[[Facts], None]
"""Hears of each look while the step is waited for."""

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class End:
    """How a step ended: whether anything had to be done, and the facts in which the wanted state was seen."""

    changed: bool
    facts: Facts


def carry_out(
    operation: Operation, engines: Engines, read: Read, pause: Pause, allow: Allow, *, tell: Tell = lambda _: None
) -> End:
    """Bring about what ``operation`` wants.

    ``allow`` is asked with the facts just before. Raises a SwarmbotError that says what is true now, after the
    operation has undone what was half made. An engine's error is not the last word: when the wanted state is seen after
    it, the step has succeeded.
    """
    facts = read(_first_look(operation))
    if operation.satisfied(facts):
        return End(False, facts)
    allow(facts)
    error = _apply(operation, engines, facts)
    waits = operation.waits(facts)
    facts = _watch(operation, read, pause, tell, waits if error is None or _may_still_come(error) else 0.0)
    if operation.satisfied(facts):
        return End(True, facts)
    late = Failed(f"It was not seen within {waits:.0f} s that {operation.done}.")
    raise operation.settle(engines, facts, error or late)


def _first_look(operation: Operation) -> FactsQuery:
    """What takes a manager away is judged by who else is there and reaches whom, so every host is looked at."""
    return replace(operation.query, all_hosts=True, peers=True) if operation.weakens else operation.query


def _apply(operation: Operation, engines: Engines, facts: Facts) -> SwarmbotError | None:
    try:
        operation.apply(engines, facts)
    except SwarmbotError as error:
        return error
    return None


def _may_still_come(error: SwarmbotError) -> bool:
    """A call that got no answer may have been carried out all the same."""
    return isinstance(error, EngineError) and error.status == 0


def _watch(operation: Operation, read: Read, pause: Pause, tell: Tell, patience: float) -> Facts:
    """The facts in which the operation is satisfied, or the last ones when patience has ended."""
    deadline = monotonic() + patience
    wait = FIRST_PAUSE
    facts = _query(operation, read)
    while not operation.satisfied(facts) and monotonic() < deadline:
        tell(facts)
        pause(wait)
        wait = min(2 * wait, LONGEST_PAUSE)
        facts = _query(operation, read)
    return facts


def _query(operation: Operation, read: Read) -> Facts:
    """What is true after the change: all but the secrets and backups where these cannot be read now.

    Nothing that rests on them is then seen to hold; the next look may read them.
    """
    try:
        return read(operation.query)
    except (Failed, Refused):
        return read(replace(operation.query, secrets=(), backups=False))
