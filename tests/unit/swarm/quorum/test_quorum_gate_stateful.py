"""Random commands, power failures and partitions in a simulated cluster: no command of Swarmbot ever loses quorum.

No command without ``--force`` removes the failure tolerance either. Machines lose power, cables and single routes are
cut, and Swarmbot's SSH is blocked, between commands and during them. Nothing fails between the last read of a step and
its call: there the fault would lose quorum, not the command.

The commands are those that change members, availability, labels or running engines. Not included are ``recover``,
``restore`` and ``init --force-new-cluster``, which are refused while there is a quorum; ``unlock``, because no machine
here is locked; and commands that change only settings and keys: ``update``, ``ca``, ``token``, ``unlock-key``.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.kits.cluster_truth import LATE, QuorumLost, Weakened
from tests.kits.examples import examples, few
from tests.kits.fault_injector import SIZE, Cut, Cutter, Fault
from tests.kits.simulated_cluster import Simulated

HOSTS: Final = tuple(f"host-{number}" for number in range(1, SIZE + 1))
ORDERS: Final = (
    "demote {}",
    "demote {} --force",
    "remove {}",
    "remove {} --force",
    "leave {}",
    "leave {} --force",
    "promote {}",
    "join manager {}",
    "join worker {}",
    "drain {}",
    "pause {}",
    "activate {}",
    "label {} zone=a",
    "backup {}",
)
OFTEN: Final = frozenset({"demote", "remove", "leave", "promote", "join", "backup"})
"""Commands that must have been carried out at least once, or the test proves nothing."""
WHAT: Final = ("power", "power", "cable", "way", "way", "way", "ssh", "leave")
FAULT: Final = st.tuples(st.sampled_from(WHAT), st.sampled_from(HOSTS), st.sampled_from(HOSTS), st.booleans())
CUTS: Final = st.lists(st.tuples(st.integers(0, 12), FAULT), max_size=3)


ROUNDS: Final = 4
"""Up to 900 examples run, until every order was carried out once: only some rounds have a backup, by chance."""


class Orders(RuleBasedStateMachine):
    """Commands of people while machines fail and return."""

    gate: ClassVar[bool] = True
    thread: ClassVar[bool] = True
    ignored: ClassVar[tuple[type[AssertionError], ...]] = ()
    """Errors after which another cluster is created, so that the search continues."""
    ends: ClassVar[Counter[str]] = Counter()

    @initialize(managers=st.integers(1, 5))
    def begin(self, managers: int) -> None:
        """Create a cluster."""
        self.world = Simulated(SIZE, managers)
        self.bot = Cutter(self.world, gate=self.gate, thread=self.thread)

    @rule(words=st.sampled_from(ORDERS), host=st.sampled_from(HOSTS), cuts=CUTS)
    def order(self, words: str, host: str, cuts: list[Cut]) -> None:
        """Carry out a command during which faults happen."""
        try:
            ended = self.bot.order(words.format(host), cuts)
        except self.ignored:
            self.begin(3)
            return
        self.ends[f"{words.partition(' ')[0]} {ended}"] += 1

    @rule(fault=FAULT)
    def fault_happens(self, fault: Fault) -> None:
        """Something fails or is repaired."""
        what, host, other, on = fault
        self.world.inject(what, host, other, on=on)

    @rule(host=st.sampled_from(HOSTS))
    def returns(self, host: str) -> None:
        """Repair a machine. More machines return than fail, or there would soon be no quorum to lose."""
        for what in ("power", "cable", "ssh"):
            self.world.inject(what, host, "", on=True)
        for other in HOSTS:
            self.world.inject("way", host, other, on=True)
            self.world.inject("way", other, host, on=True)

    @rule()
    def time_passes(self) -> None:
        """Wait until the managers have noticed everything."""
        for _ in range(2 * LATE):
            self.world.tick()

    @rule(managers=st.integers(1, 5))
    def create_another(self, managers: int) -> None:
        """Create another cluster if there is no quorum any more."""
        if not self.world.has_quorum:
            self.begin(managers)


class Losing(Orders):
    """The same without the gate, until quorum is lost: of three managers, which is found in a third of the time."""

    gate: ClassVar[bool] = False
    thread: ClassVar[bool] = False

    @initialize(managers=st.just(3))
    def begin(self, managers: int) -> None:
        """Create a cluster."""
        super().begin(managers)


class Weakening(Orders):
    """The same without the gate, until the failure tolerance is removed."""

    gate: ClassVar[bool] = False
    ignored: ClassVar[tuple[type[AssertionError], ...]] = (QuorumLost,)


def test_no_order_loses_the_quorum() -> None:
    """Neither with actual facts nor with those that managers remember."""
    Orders.ends.clear()
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    for _ in range(ROUNDS):
        run_state_machine_as_test(
            Orders,
            settings=settings(max_examples=examples(900), stateful_step_count=30, suppress_health_check=checks),
        )
        if few() or not _never_carried_out():
            break
    assert few() or not _never_carried_out(), Orders.ends
    assert few() or Orders.ends["demote refused"], Orders.ends


def _never_carried_out() -> list[str]:
    return [name for name in OFTEN if not Orders.ends[f"{name} done"]]


@pytest.mark.parametrize(("machine", "error"), [(Losing, QuorumLost), (Weakening, Weakened)])
def test_without_the_gate_orders_do_lose_it(machine: type[Orders], error: type[AssertionError]) -> None:
    """The control: without the gate, the same machine finds commands that lose quorum or failure tolerance."""
    found = settings(
        max_examples=2000,
        stateful_step_count=30,
        derandomize=True,
        phases=[Phase.generate],
        verbosity=Verbosity.quiet,
        suppress_health_check=[HealthCheck.too_slow],
    )
    with pytest.raises(error):
        run_state_machine_as_test(machine, settings=found)
