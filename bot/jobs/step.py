"""Carry out one operation: look, apply unless it holds, and look until it is seen to hold."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from bot.errors import EngineError, Failed, SwarmbotError
from bot.jobs.lease import LeaseLost
from bot.plan import Engines, Facts, Look, Operation

Read = Callable[[Look], Facts]
Pause = Callable[[float], None]
"""Waits so many seconds; raises when the job is no longer ours."""

FIRST_PAUSE: Final = 0.05
LONGEST_PAUSE: Final = 0.5


def carry_out(
    operation: Operation, engines: Engines, read: Read, pause: Pause, begin: Callable[[], None] = lambda: None
) -> bool:
    """Bring about what ``operation`` wants; return whether anything had to be done. ``begin`` is called before it is.

    Raises a SwarmbotError that says what is true now, after the operation has undone what was half made. An engine's
    error is not the last word: when the wanted state is seen after it, the step has succeeded.
    """
    facts = read(operation.look)
    if operation.satisfied(facts):
        return False
    begin()
    error = _apply(operation, engines, facts)
    patience = operation.patience if error is None or _may_still_come(error) else 0.0
    facts = _watch(operation, read, pause, patience)
    if operation.satisfied(facts):
        return True
    late = Failed(f"It was not seen within {operation.patience:.0f} s that {operation.done}.")
    raise operation.settle(engines, facts, error or late)


def _apply(operation: Operation, engines: Engines, facts: Facts) -> SwarmbotError | None:
    try:
        operation.apply(engines, facts)
    except LeaseLost:
        raise
    except SwarmbotError as error:
        return error
    return None


def _may_still_come(error: SwarmbotError) -> bool:
    """A call that got no answer may have been carried out all the same."""
    return isinstance(error, EngineError) and error.status == 0


def _watch(operation: Operation, read: Read, pause: Pause, patience: float) -> Facts:
    """The facts in which the operation is satisfied, or the last ones when patience has ended."""
    deadline = monotonic() + patience
    wait = FIRST_PAUSE
    facts = read(operation.look)
    while not operation.satisfied(facts) and monotonic() < deadline:
        pause(wait)
        wait = min(2 * wait, LONGEST_PAUSE)
        facts = read(operation.look)
    return facts
