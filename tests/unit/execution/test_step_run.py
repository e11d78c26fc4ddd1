"""One step: read, apply, read again. The state that is seen decides, not the engine's reply."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import ClassVar

import pytest

from bot.errors import EngineError, Failed, SwarmbotError
from bot.execution.step_run import FIRST_PAUSE_S, MAX_PAUSE_S, Seen, carry_out
from bot.model import Facts, FactsQuery, HostFacts
from bot.queue.lease import LeaseLost
from tests.kits.step_world import Wanted, World
from tests.plans.description import Description


class Impatient(Wanted):
    """One with a time-out of 0 s."""

    kind: ClassVar[str] = "a test's impatient step"
    timeout_s: ClassVar[float] = 0.0


class Hasty(Wanted):
    """One whose facts set a time-out of 0 s."""

    kind: ClassVar[str] = "a test's hasty step"

    def timeout(self, facts: Facts) -> float:
        """None."""
        assert facts.name == "does not"
        return 0.0


class Doomed(Wanted):
    """One that has failed once it was applied."""

    kind: ClassVar[str] = "a test's doomed step"

    def failed(self, facts: Facts) -> str:
        """Say so in every state but the wanted one, if something was applied before."""
        return "" if facts.name == "holds" or not DOOMED["now"] else "It was rolled back."


DOOMED = {"now": False}
SWARM = Description.model_validate({"hosts": {"host-1": {"is": "leader"}}}).facts().swarm


class Secretive(Wanted):
    """One that is seen in a secret."""

    kind: ClassVar[str] = "a test's secretive step"

    @property
    def query(self) -> FactsQuery:
        """The token too."""
        return FactsQuery(hosts=(self.host,), secrets=("worker token",))


class Mute(Secretive):
    """One with a time-out of 0 s."""

    kind: ClassVar[str] = "a test's mute step"
    timeout_s: ClassVar[float] = 0.0


def run(world: World, kind: type[Wanted] = Wanted) -> bool:
    """Carry the step out in ``world``."""
    return carry_out(kind("host-3", (("zone", "a"),)), world, world.read, world.pause, lambda *_: None).changed


def holds(world: World, error: SwarmbotError | None = None) -> Callable[[], None]:
    """Make the state hold, and still raise ``error``."""

    def act() -> None:
        world.holds = True
        if error:
            raise error

    return act


def goes_mute(world: World) -> Callable[[], None]:
    """Make the state hold, and return no secret from now on."""

    def act() -> None:
        world.holds = world.mute = True

    return act


def fails(error: Exception) -> Callable[[], None]:
    """Raise without a change."""

    def act() -> None:
        raise error

    return act


def test_a_state_that_holds_is_not_changed() -> None:
    """Nothing is applied if the state holds: a step that ran before a crash does not run twice."""
    world = World()
    world.holds = True
    assert run(world) is False
    assert world.log == ["read"]


def test_done_is_what_is_seen() -> None:
    """A step succeeds when the state is seen, not when the call returns."""
    world = World()
    world.on_apply = holds(world)
    assert run(world) is True
    assert world.log == ["read", "apply", "read"]


def test_an_error_with_the_state_reached() -> None:
    """An engine may reply with an error although it did the change: what is seen counts."""
    world = World()
    world.on_apply = holds(world, EngineError("host-3", 500, "that went wrong"))
    assert run(world) is True
    assert world.log == ["read", "apply", "read"]


@pytest.mark.parametrize(
    "error", [EngineError("host-3", 400, "bad token"), Failed("no manager"), EngineError("host-3", 503, "port closed")]
)
def test_a_refusal_is_not_waited_out(error: SwarmbotError) -> None:
    """If an engine refuses, nothing is waited for: what is half done is settled at once."""
    world = World()
    world.on_apply = fails(error)
    with pytest.raises(Failed) as caught:
        run(world)
    assert (caught.value.happened, caught.value.true_now) == (error.happened, "does not")
    assert caught.value.next_step == "settled"
    assert world.log == ["read", "apply", "read", "settle"]
    assert world.pauses == []


def test_a_call_without_a_reply_may_have_been_carried_out() -> None:
    """After a time-out the state is waited for as after a success."""
    world = World()
    world.on_apply = fails(EngineError("host-3", 0, "no answer in time"))
    world.on_pause = holds(world)
    assert run(world) is True
    assert "settle" not in world.log


def test_a_time_out_without_effect() -> None:
    """If the state is not seen in time, the operation says what is true now, with the call's error."""
    world = World()
    world.on_apply = fails(EngineError("host-3", 0, "no answer in time"))
    with pytest.raises(Failed, match="no answer in time"):
        run(world, Impatient)
    assert world.log == ["read", "apply", "read", "settle"]


def test_never_seen() -> None:
    """A call that succeeds and changes nothing is a failure; the error says what was waited for."""
    world = World()
    with pytest.raises(Failed) as caught:
        run(world, Impatient)
    assert caught.value.happened == "Timed out after 0 s: it was not seen that `host-3` has `zone=a`."
    assert world.log == ["read", "apply", "read", "settle"]


def test_reads_back_off() -> None:
    """The state is read soon, then less and less often, down to a limit."""
    world = World()

    def after_ten() -> None:
        world.holds = len(world.pauses) >= 10

    world.on_pause = after_ten
    assert run(world) is True
    assert world.pauses[0] == FIRST_PAUSE_S
    assert world.pauses == sorted(world.pauses)
    assert world.pauses[-1] == MAX_PAUSE_S


def test_a_lost_lease_stops_it() -> None:
    """If another worker has the job, nothing more is applied or undone: that worker does it."""
    world = World()
    world.on_pause = fails(LeaseLost("k7f3"))
    with pytest.raises(LeaseLost):
        run(world)
    assert world.log == ["read", "apply", "read"]


def test_each_read_is_told() -> None:
    """Until the state is seen: the end reports it."""
    world = World()
    world.on_pause = holds(world)
    heard: list[Facts] = []
    end = carry_out(Wanted("host-3", ()), world, world.read, world.pause, lambda *_: None, tell=heard.append)
    assert [facts.name for facts in heard] == ["does not"]
    assert end.facts.name == "holds"


def test_an_operation_may_know_how_long_it_takes() -> None:
    """The facts before it set the time-out."""
    world = World()
    world.on_pause = fails(AssertionError("waited"))
    with pytest.raises(Failed, match="after 0 s"):
        run(world, Hasty)


def test_a_secret_that_cannot_be_read_is_read_again() -> None:
    """The managers may be electing a leader: the result is seen when they have one."""
    world = World()

    def speaks() -> None:
        world.mute = False

    world.on_apply, world.on_pause = goes_mute(world), speaks
    assert run(world, Secretive) is True


def test_a_secret_that_stays_unread_is_settled() -> None:
    """The requester reads what is true now, not only that something could not be read."""
    world = World()
    world.on_apply = goes_mute(world)
    with pytest.raises(Failed, match="settled"):
        run(world, Mute)


def test_a_step_that_has_failed_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends at once with the operation's own reason; one that had failed before it was applied is not applied."""
    world = World()
    world.on_apply = lambda: monkeypatch.setitem(DOOMED, "now", True)
    with pytest.raises(Failed, match=r"It was rolled back\.") as caught:
        run(world, Doomed)
    assert world.log == ["read", "apply", "read", "settle"]
    assert world.pauses == []
    assert caught.value.true_now == "does not"
    with pytest.raises(Failed, match=r"It was rolled back\."):
        run(world, Doomed)
    assert world.log[4:] == ["read", "settle"]


class Trusting(Wanted):
    """One for which facts of the last two seconds stand for a reading."""

    kind: ClassVar[str] = "a test's trusting step"
    facts_hold_s: ClassVar[float] = 2.0


@pytest.mark.parametrize(
    ("kind", "age_s", "hosts", "log"),
    [
        (Trusting, 0.0, ("host-3",), ["apply", "read"]),
        (Trusting, 2.1, ("host-3",), ["read", "apply", "read"]),
        (Trusting, 0.0, ("host-1",), ["read", "apply", "read"]),
        (Wanted, 0.0, ("host-3",), ["read", "apply", "read"]),
    ],
    ids=["young", "old", "without its host", "another kind of step"],
)
def test_facts_of_a_moment_ago_stand_for_a_reading(
    kind: type[Wanted], age_s: float, hosts: tuple[str, ...], log: list[str]
) -> None:
    """If the operation takes them, they are young, and its hosts are among them. The end is always seen."""
    world = World()
    world.on_apply = holds(world)
    facts = Facts("does not", 0.0, {name: HostFacts(name, "192.0.2.1") for name in hosts})
    before = Seen(facts, monotonic() - age_s)
    operation = kind("host-3", (("zone", "a"),))
    assert carry_out(operation, world, world.read, world.pause, lambda *_: None, before=before).changed
    assert world.log == log


def test_what_was_seen_last_has_the_hosts_of_before_beside_it() -> None:
    """Then it is as old as those."""
    one, other = (HostFacts(name, "192.0.2.1") for name in ("host-1", "host-2"))
    older = Seen(Facts("older", 0.0, {"host-1": one, "host-2": other}), 1.0)
    newer = Seen(Facts("newer", 0.0, {"host-1": HostFacts("host-1", "192.0.2.9")}), 2.0)
    merged = newer.beside(older)
    assert (merged.facts.name, merged.began, [*merged.facts.hosts]) == ("newer", 1.0, ["host-1", "host-2"])
    assert merged.facts.hosts["host-1"].address == "192.0.2.9"
    assert newer.beside(None) is newer
    assert newer.beside(newer) is newer


class Narrow(Wanted):
    """One that reads a single manager once it was applied."""

    kind: ClassVar[str] = "a test's narrow step"

    def query_after(self, facts: Facts) -> FactsQuery:
        """Return a query for host-1 beside its own host."""
        del facts
        return replace(self.query, only_hosts=("host-1",))


@pytest.mark.parametrize("readable", [True, False])
def test_another_reading_follows_if_the_chosen_managers_fail(*, readable: bool) -> None:
    """Then every manager is asked, in the same look."""
    world, queries = World(), list[FactsQuery]()
    world.on_apply = holds(world)

    def read(query: FactsQuery) -> Facts:
        queries.append(query)
        seen = readable or not query.only_hosts
        return replace(world.read(query), swarm=SWARM if seen else None)

    carry_out(Narrow("host-3", (("zone", "a"),)), world, read, world.pause, lambda *_: None)
    assert [query.only_hosts for query in queries] == [(), ("host-1",)] + ([] if readable else [()])
    world.holds, queries[:] = False, []
    world.on_apply = fails(EngineError("host-3", 500, "refused"))
    with pytest.raises(Failed, match="refused"):
        carry_out(Narrow("host-3", (("zone", "a"),)), world, read, world.pause, lambda *_: None)
    assert queries[-1].only_hosts == (), "a failure is told from all that is known"
