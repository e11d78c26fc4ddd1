"""One step: look, apply, look again. What engines answer is not the last word on what is true."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest

from bot.errors import EngineError, Failed, SwarmbotError
from bot.execution.step_run import FIRST_PAUSE_S, MAX_PAUSE_S, carry_out
from bot.model import BackupStore, Engine, Engines, Facts, FactsQuery
from bot.queue.lease import LeaseLost
from bot.swarm.operations import LabelHost


class World:
    """A cluster of which only this is known: whether the wanted state holds, and what was done to bring it about."""

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
        raise NotImplementedError

    def read(self, query: FactsQuery) -> Facts:
        """Facts whose name tells whether the state held when they were read."""
        assert query.hosts == ("host-3",)
        self.log.append("read")
        if query.secrets and self.mute:
            raise EngineError("host-3", 0, "no token in time")
        return Facts("holds" if self.holds and not self.mute else "does not", 0.0, {})

    def pause(self, seconds: float) -> None:
        """Take no time, and note how much it would have been."""
        self.pauses.append(seconds)
        self.on_pause()


class Wanted(LabelHost):
    """An operation over a World."""

    kind: ClassVar[str] = "a test's step"
    patience: ClassVar[float] = 30.0

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
        """Note that it was asked, and with which facts."""
        assert isinstance(engines, World)
        engines.log.append("settle")
        return Failed(error.happened, true_now=facts.name, next_step="settled")


class Impatient(Wanted):
    """One whose patience has ended at once."""

    kind: ClassVar[str] = "a test's impatient step"
    patience: ClassVar[float] = 0.0


class Hasty(Wanted):
    """One that its facts give no time."""

    kind: ClassVar[str] = "a test's hasty step"

    def waits(self, facts: Facts) -> float:
        """None."""
        assert facts.name == "does not"
        return 0.0


class Secretive(Wanted):
    """One that is seen in a secret."""

    kind: ClassVar[str] = "a test's secretive step"

    @property
    def query(self) -> FactsQuery:
        """The token too."""
        return FactsQuery(hosts=(self.host,), secrets=("worker token",))


class Mute(Secretive):
    """One whose patience has ended at once."""

    kind: ClassVar[str] = "a test's mute step"
    patience: ClassVar[float] = 0.0


def run(world: World, kind: type[Wanted] = Wanted) -> bool:
    """Carry the step out in ``world``."""
    return carry_out(kind("host-3", (("zone", "a"),)), world, world.read, world.pause, lambda *_: None).changed


def holds(world: World, error: SwarmbotError | None = None) -> Callable[[], None]:
    """Make the state hold, and raise ``error`` all the same."""

    def act() -> None:
        world.holds = True
        if error:
            raise error

    return act


def goes_mute(world: World) -> Callable[[], None]:
    """Make the state hold, and tell no secret from now on."""

    def act() -> None:
        world.holds = world.mute = True

    return act


def fails(error: Exception) -> Callable[[], None]:
    """Raise, having changed nothing."""

    def act() -> None:
        raise error

    return act


def test_what_holds_is_left_alone() -> None:
    """Asking again for what already holds changes nothing: a step that ran before a crash is not run twice."""
    world = World()
    world.holds = True
    assert run(world) is False
    assert world.log == ["read"]


def test_done_is_what_is_seen() -> None:
    """A step has succeeded when the state is seen, not when the call returned."""
    world = World()
    world.on_apply = holds(world)
    assert run(world) is True
    assert world.log == ["read", "apply", "read"]


def test_an_error_with_the_state_reached() -> None:
    """An engine may answer with an error and have done it: it is looked at, and that counts."""
    world = World()
    world.on_apply = holds(world, EngineError("host-3", 500, "that went wrong"))
    assert run(world) is True
    assert world.log == ["read", "apply", "read"]


@pytest.mark.parametrize(
    "error", [EngineError("host-3", 400, "bad token"), Failed("no manager"), EngineError("host-3", 503, "port closed")]
)
def test_a_refusal_is_not_waited_out(error: SwarmbotError) -> None:
    """An engine that answered no will not come round: what is half made is settled at once."""
    world = World()
    world.on_apply = fails(error)
    with pytest.raises(Failed) as caught:
        run(world)
    assert (caught.value.happened, caught.value.true_now) == (error.happened, "does not")
    assert caught.value.next_step == "settled"
    assert world.log == ["read", "apply", "read", "settle"]
    assert world.pauses == []


def test_a_call_without_an_answer_may_have_been_carried_out() -> None:
    """After a time-out the state is waited for as after a success."""
    world = World()
    world.on_apply = fails(EngineError("host-3", 0, "no answer in time"))
    world.on_pause = holds(world)
    assert run(world) is True
    assert "settle" not in world.log


def test_a_time_out_that_comes_to_nothing() -> None:
    """When the state is not seen in time the operation says what is true, from the call's own words."""
    world = World()
    world.on_apply = fails(EngineError("host-3", 0, "no answer in time"))
    with pytest.raises(Failed, match="no answer in time"):
        run(world, Impatient)
    assert world.log == ["read", "apply", "read", "settle"]


def test_never_seen() -> None:
    """A call that succeeded and changed nothing is no success; the error says what was waited for."""
    world = World()
    with pytest.raises(Failed) as caught:
        run(world, Impatient)
    assert caught.value.happened == "Timed out after 0 s: it was not seen that `host-3` has `zone=a`."
    assert world.log == ["read", "apply", "read", "settle"]


def test_looks_become_rarer() -> None:
    """The state is looked for soon, then ever less often, up to a bound."""
    world = World()

    def after_ten() -> None:
        world.holds = len(world.pauses) >= 10

    world.on_pause = after_ten
    assert run(world) is True
    assert world.pauses[0] == FIRST_PAUSE_S
    assert world.pauses == sorted(world.pauses)
    assert world.pauses[-1] == MAX_PAUSE_S


def test_a_lost_lease_stops_it() -> None:
    """When the job is another's nothing more is applied and nothing is undone: the other one sees to it."""
    world = World()
    world.on_pause = fails(LeaseLost("k7f3"))
    with pytest.raises(LeaseLost):
        run(world)
    assert world.log == ["read", "apply", "read"]


def test_who_watches_hears_of_each_look() -> None:
    """Until the state is seen, which the end itself tells."""
    world = World()
    world.on_pause = holds(world)
    heard: list[Facts] = []
    end = carry_out(Wanted("host-3", ()), world, world.read, world.pause, lambda *_: None, tell=heard.append)
    assert [facts.name for facts in heard] == ["does not"]
    assert end.facts.name == "holds"


def test_an_operation_may_know_how_long_it_takes() -> None:
    """The facts before it say how long the state is waited for."""
    world = World()
    world.on_pause = fails(AssertionError("waited"))
    with pytest.raises(Failed, match="after 0 s"):
        run(world, Hasty)


def test_a_secret_that_cannot_be_read_is_looked_for_again() -> None:
    """The managers may be choosing a leader just then: what was done is seen when they have one."""
    world = World()

    def speaks() -> None:
        world.mute = False

    world.on_apply, world.on_pause = goes_mute(world), speaks
    assert run(world, Secretive) is True


def test_a_secret_that_stays_unread_is_settled() -> None:
    """The person reads what is true, not only that something could not be read."""
    world = World()
    world.on_apply = goes_mute(world)
    with pytest.raises(Failed, match="settled"):
        run(world, Mute)
