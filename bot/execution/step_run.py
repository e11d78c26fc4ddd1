"""Carry out one operation: read, apply unless the wanted state holds, and read until it is seen to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from bot.errors import EngineError, Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation

Read = Callable[[FactsQuery], Facts]
Pause = Callable[[float], None]
"""Waits so many seconds. Raises LeaseLost if another worker has the job."""

Allow = Callable[[Facts], None]
"""Is called just before a change, with the facts as they are. Raises Refused if the change is not permitted."""

Tell = Callable[[Facts], None]
"""Is called with the facts of each read while the wanted state is waited for."""

Stop = Callable[[], bool]
"""Returns whether somebody cancelled the job."""

FIRST_PAUSE_S: Final = 0.05
MAX_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class End:
    """How a step ended."""

    changed: bool
    """Whether anything had to be done."""
    facts: Facts
    """The facts in which the wanted state was seen."""


def carry_out(
    operation: Operation,
    engines: Engines,
    read: Read,
    pause: Pause,
    allow: Allow,
    *,
    tell: Tell = lambda _: None,
    stop: Stop = lambda: False,
) -> End:
    """Bring about the state that ``operation`` wants.

    ``allow`` is called with the facts just before. If the state is not seen, the operation undoes what is half done and
    a SwarmbotError that says what is true now is raised. An engine's error alone is no failure: if the wanted state is
    seen after it, the step succeeded. If the operation says that it has failed, it is not waited for any longer.
    """
    facts = read(_query_before(operation))
    if operation.satisfied(facts):
        return End(False, facts)
    if why := operation.failed(facts):
        raise operation.settle(engines, facts, Failed(why))
    allow(facts)
    error = _apply(operation, engines, facts)
    timeout_s = operation.timeout(facts)
    stop = stop if operation.may_stop_waiting else lambda: False
    timeout_left_s = timeout_s if error is None or _may_still_come(error) else 0.0
    facts = _wait(operation, read, pause, timeout_left_s, tell=tell, stop=stop)
    if operation.satisfied(facts):
        return End(True, facts)
    if why := operation.failed(facts):
        raise operation.settle(engines, facts, Failed(why))
    if error is None and stop():
        facts = stop_engines(operation, engines, read, pause, allow) or facts
        raise operation.settle(engines, facts, operation.cancelled(facts))
    late = Failed(f"Timed out after {timeout_s:.0f} s: it was not seen that {operation.done}.")
    raise operation.settle(engines, facts, error or late)


def stop_engines(operation: Operation, engines: Engines, read: Read, pause: Pause, allow: Allow) -> Facts | None:
    """Stop what the engines go on with for a cancelled job. Return the facts after that; None if nothing can stop it.

    Raise a SwarmbotError if it is not seen that they have stopped.
    """
    halt = operation.on_cancel
    return carry_out(halt, engines, read, pause, allow).facts if halt else None


def _query_before(operation: Operation) -> FactsQuery:
    """Return what to read before applying. To take a manager away, all hosts and who reaches whom must be known."""
    return replace(operation.query, all_hosts=True, peer_reach=True) if operation.may_lose_manager else operation.query


def _apply(operation: Operation, engines: Engines, facts: Facts) -> SwarmbotError | None:
    try:
        operation.apply(engines, facts)
    except SwarmbotError as error:
        return error
    return None


def _may_still_come(error: SwarmbotError) -> bool:
    """Return whether a call without a reply may have been carried out."""
    return isinstance(error, EngineError) and error.status == 0


def _wait(operation: Operation, read: Read, pause: Pause, timeout_s: float, *, tell: Tell, stop: Stop) -> Facts:
    """Return the facts in which the operation is satisfied or has failed; else the last ones before it ended.

    It ends at the time-out, or when somebody has cancelled the job.
    """
    deadline = monotonic() + timeout_s
    wait = FIRST_PAUSE_S
    facts = _read_after(operation, read)
    while not (operation.satisfied(facts) or operation.failed(facts) or stop()) and monotonic() < deadline:
        tell(facts)
        pause(wait)
        wait = min(2 * wait, MAX_PAUSE_S)
        facts = _read_after(operation, read)
    return facts


def _read_after(operation: Operation, read: Read) -> Facts:
    """Return the facts after the change, without secrets, backups and stack if these cannot be read now.

    What depends on them is then not seen to hold. The next read may succeed.
    """
    try:
        return read(operation.query)
    except (Failed, Refused):
        return read(replace(operation.query, secrets=(), backups=False, stack=None))
