"""Carry out one operation: read, apply unless the wanted state holds, and read until it is seen to hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from time import monotonic
from types import MappingProxyType
from typing import Final

from bot.errors import EngineError, Failed, Refused, SwarmbotError
from bot.model import Engines, Facts, FactsQuery, Operation

Read = Callable[[FactsQuery], Facts]
Pause = Callable[[float], None]
"""Waits this many seconds. Raises LeaseLost if another worker has the job."""

Allow = Callable[[Facts], None]
"""Called just before a change, with the facts as they are. Raises Refused if the change is not permitted."""

Tell = Callable[[Facts], None]
"""Called with the facts of each read while waiting for the wanted state."""

Stop = Callable[[], bool]
"""Returns whether somebody cancelled the job."""

FIRST_PAUSE_S: Final = 0.05
MAX_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """Facts, and when their reading began."""

    facts: Facts
    began: float
    """By the monotonic clock."""

    def stands_for(self, operation: Operation) -> bool:
        """Return whether ``operation`` need not read again before it is applied."""
        young = monotonic() - self.began <= operation.facts_hold_s
        return young and self.facts.hosts.keys() >= {*operation.query.hosts}

    def beside(self, older: Seen | None) -> Seen:
        """Return these facts with the hosts that only ``older`` has; the result is then as old as ``older``."""
        if older is None or older.facts.hosts.keys() <= self.facts.hosts.keys():
            return self
        hosts = MappingProxyType({**older.facts.hosts, **self.facts.hosts})
        return Seen(replace(self.facts, hosts=hosts), older.began)


@dataclass(frozen=True, slots=True)
class End:
    """How a step ended."""

    changed: bool
    """Whether anything had to be done."""
    seen: Seen
    """The facts in which the wanted state was seen."""

    @property
    def facts(self) -> Facts:
        """The facts that were seen."""
        return self.seen.facts


def carry_out(
    operation: Operation,
    engines: Engines,
    read: Read,
    pause: Pause,
    allow: Allow,
    *,
    tell: Tell = lambda _: None,
    stop: Stop = lambda: False,
    before: Seen | None = None,
) -> End:
    """Bring about the state that ``operation`` wants.

    ``before`` was seen moments ago: some operations need no newer facts. ``allow`` is called with the facts just
    before. If the state is not seen, the operation undoes what is half done, and a SwarmbotError that describes the
    state now is raised. An engine's error alone is no failure: if the wanted state is seen after it, the step
    succeeded. If the operation says that it has failed, the wait ends.
    """
    if before is None or not before.stands_for(operation):
        before = _read_facts(read, _query_before(operation))
    facts = before.facts
    if operation.satisfied(facts):
        return End(False, before)
    if why := operation.failed(facts):
        raise operation.settle(engines, facts, Failed(why))
    allow(facts)
    error = _apply(operation, engines, facts)
    timeout_s = operation.timeout(facts)
    stop = stop if operation.may_stop_waiting else lambda: False
    goes_on = error is None or (isinstance(error, EngineError) and operation.goes_on_after(error))
    timeout_left_s = timeout_s if goes_on else 0.0
    read_after = partial(_read_after_change, operation, read, facts)
    after = _wait(operation, read_after, pause, timeout_left_s, tell=tell, stop=stop)
    if not operation.satisfied(after.facts) and operation.query_after(facts) != operation.query:
        after = _read_facts(read, operation.query)  # the error names all that is known
    facts = after.facts
    if operation.satisfied(facts):
        return End(True, after)
    if why := operation.failed(facts):
        raise operation.settle(engines, facts, Failed(why))
    if error is None and stop():
        facts = stop_engines(operation, engines, read, pause, allow) or facts
        raise operation.settle(engines, facts, operation.cancelled(facts))
    late = Failed(f"Timed out after {timeout_s:.0f} s: it was not seen that {operation.done}.")
    raise operation.settle(engines, facts, error or late)


def stop_engines(operation: Operation, engines: Engines, read: Read, pause: Pause, allow: Allow) -> Facts | None:
    """Stop the work that engines continue for a cancelled job.

    Return the facts after that; None if nothing can stop it.

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


def _wait(
    operation: Operation, read: Callable[[], Seen], pause: Pause, timeout_s: float, *, tell: Tell, stop: Stop
) -> Seen:
    """Return the facts in which the operation is satisfied or has failed, or the last ones before the wait ended.

    It ends at the time-out, or when somebody has cancelled the job.
    """
    deadline = monotonic() + timeout_s
    wait = FIRST_PAUSE_S
    facts = (seen := read()).facts
    while not (operation.satisfied(facts) or operation.failed(facts) or stop()) and monotonic() < deadline:
        tell(facts)
        pause(wait)
        wait = min(2 * wait, MAX_PAUSE_S)
        facts = (seen := read()).facts
    return seen


def _read_facts(read: Read, query: FactsQuery) -> Seen:
    began = monotonic()
    return Seen(read(query), began)


def _read_after_change(operation: Operation, read: Read, before: Facts) -> Seen:
    """Return the facts after the change, without secrets, backups and stack if these cannot be read now.

    What depends on them is then not seen to hold. The next read may succeed.
    """
    query = operation.query_after(before)
    try:
        seen = _read_facts(read, query)
        if seen.facts.swarm is None and query != operation.query:
            return _read_facts(read, operation.query)
    except (Failed, Refused):
        return _read_facts(read, replace(operation.query, secrets=(), backups=False, stack=None))
    return seen
