"""An engine that stopped its swarm and was not forced: it is restarted if that was seen, and forced again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.errors import EngineError, Failed, Refused
from bot.execution.step_run import carry_out
from bot.model import Facts, FactsQuery, Operation
from bot.swarm.operations import Init, RestartStoppedSwarm
from tests.plans.description import Description

FIRST = Init("host-1", "prod", "10.0.0.1", force_new_cluster=True, attempt="first")
RESTART = RestartStoppedSwarm("host-1", "prod")
SECOND = replace(FIRST, attempt="second")
LATE = EngineError("host-1", 500, "context deadline exceeded")


def _facts(**host: Any) -> Facts:
    lost = {"is": "leader", "swarm_error": "The swarm does not have a leader."}
    return Description.model_validate({"hosts": {"host-1": {**lost, **host}}, "readable": False}).facts()


LOST = _facts()
STOPPED = _facts(swarm_stopped=True, swarm_error="grpc: the client connection is closing")
PENDING = _facts(membership="pending")
BACK = Description.model_validate({"hosts": {"host-1": {"is": "leader"}}}).facts()


@dataclass
class _Engine:
    """An engine that answers a call to force it with an error, or forces it."""

    error: EngineError | None = None
    calls: list[str] = field(default_factory=list)

    def init_swarm(self, _: object) -> None:
        self.calls.append("force")
        if self.error:
            raise self.error

    def restart_engine(self) -> None:
        self.calls.append("restart")


def _run(operation: Operation, engine: _Engine, *seen: Facts) -> Any:
    """Carry out a step whose reads return these facts, one after the other."""
    reads: Iterator[Facts] = iter(seen)

    def read(_: FactsQuery) -> Facts:
        return next(reads)

    return carry_out(operation, _engines(engine), read, lambda _: None, lambda _: None)


def _engines(engine: _Engine) -> Any:
    return {"host-1": engine}


def test_the_first_try_waits_until_the_swarm_is_seen_to_have_stopped() -> None:
    """The engine gave up after 15 s, and still stops its swarm. The next step restarts it, then it is forced."""
    engine = _Engine(LATE)
    end = _run(FIRST, engine, LOST, LOST, STOPPED)
    assert end.changed
    assert FIRST.seen(end.facts) == "`host-1` was not forced: its swarm stopped, and its engine must restart"
    assert _run(RESTART, engine, STOPPED, PENDING).changed
    engine.error = None
    assert FIRST.seen(_run(SECOND, engine, PENDING, BACK).facts) == FIRST.done
    assert engine.calls == ["force", "restart", "force"]


def test_another_error_of_the_first_try_is_no_reason_to_restart() -> None:
    """It failed before the engine stopped anything, or nothing is known."""
    engine = _Engine(EngineError("host-1", 400, "invalid address"))
    with pytest.raises(Failed, match="invalid address"):
        _run(FIRST, engine, LOST, LOST)
    assert engine.calls == ["force"]


def test_the_only_try_does_not_take_a_stopped_swarm_for_its_end() -> None:
    """Nothing follows that would restart the engine: its error says to do so."""
    with pytest.raises(Failed) as raised:
        _run(replace(FIRST, attempt="only"), _Engine(LATE), LOST, STOPPED)
    assert raised.value.true_now.startswith("The swarm of `host-1` has stopped until its engine restarts: grpc")
    assert "`systemctl restart docker` on `host-1`" in raised.value.next_step


@pytest.mark.parametrize("before", [LOST, PENDING, BACK])
def test_an_engine_whose_swarm_runs_is_not_restarted(before: Facts) -> None:
    """So it is after a first try that succeeded, and in a plan that is run again after a crash."""
    engine = _Engine()
    assert not _run(RESTART, engine, before).changed
    assert engine.calls == []


def test_after_a_success_nothing_is_forced_again() -> None:
    """The second try skips what holds."""
    engine = _Engine()
    assert not _run(SECOND, engine, BACK).changed
    assert engine.calls == []


def test_no_engine_is_restarted_that_was_not_seen_to_have_stopped_its_swarm() -> None:
    """It may be starting, or does not respond: the step waits for that, and reports it as unknown."""
    engine = _Engine()
    RESTART.apply(_engines(engine), _facts(failure="slow"))
    assert engine.calls == []
    told = RESTART.settle(None, _facts(failure="slow"), Failed("late"))  # type: ignore[arg-type] # no engine is asked
    assert isinstance(told, Failed)
    assert told.true_now == "Whether the swarm of `host-1` runs is unknown."


def test_nothing_is_restarted_beside_a_quorum() -> None:
    """The other managers are back: the cluster works without this engine."""
    hosts = {
        "host-1": {"is": "manager", "swarm_stopped": True},
        "host-2": {"is": "leader"},
        "host-3": {"is": "manager"},
    }
    facts = Description.model_validate({"hosts": hosts}).facts()
    engine = _Engine()
    with pytest.raises(Refused, match="has a quorum"):
        RESTART.apply(_engines(engine), facts)
    assert engine.calls == []
