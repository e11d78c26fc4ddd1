"""Random orders, power cuts and partitions in a simulated cluster: no order of the bot's ever loses the quorum.

Nor does one without ``--force`` leave one failure fatal that was survived before. Plugs are pulled, cables and single
ways cut, and the bot's own way in closed, between orders and in the middle of them, but not between a step's last look
and its call, where the cut is to blame and no order.

Ordered is what changes members, availability, labels or whose engine runs. Left out are ``recover``, ``restore`` and
``init --force-new-cluster``, which are refused while there is a quorum to be lost, ``unlock``, for no machine here is
locked, and what changes the cluster's settings and keys and no member: ``update``, ``ca``, ``token``, ``unlock-key``.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Final

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.kits.cluster_truth import LATE, QuorumLost, Weakened
from tests.kits.examples import FEW, examples
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
"""What must have been carried out somewhere for the rest to prove anything."""
WHAT: Final = ("power", "power", "cable", "way", "way", "way", "ssh", "leave")
FAULT: Final = st.tuples(st.sampled_from(WHAT), st.sampled_from(HOSTS), st.sampled_from(HOSTS), st.booleans())
CUTS: Final = st.lists(st.tuples(st.integers(0, 12), FAULT), max_size=3)


class Orders(RuleBasedStateMachine):
    """Whatever people order while machines die and return."""

    gate: ClassVar[bool] = True
    thread: ClassVar[bool] = True
    ends: ClassVar[Counter[str]] = Counter()

    @initialize(managers=st.integers(1, 5))
    def begin(self, managers: int) -> None:
        """A cluster is made."""
        self.world = Simulated(SIZE, managers)
        self.bot = Cutter(self.world, gate=self.gate, thread=self.thread)

    @rule(words=st.sampled_from(ORDERS), host=st.sampled_from(HOSTS), cuts=CUTS)
    def order(self, words: str, host: str, cuts: list[Cut]) -> None:
        """Somebody orders something, and plugs are pulled while it is carried out."""
        ended = self.bot.order(words.format(host), cuts)
        self.ends[f"{words.partition(' ')[0]} {ended}"] += 1

    @rule(fault=FAULT)
    def befalls(self, fault: Fault) -> None:
        """Something breaks, or is whole again."""
        what, host, other, on = fault
        self.world.befall(what, host, other, on=on)

    @rule(host=st.sampled_from(HOSTS))
    def returns(self, host: str) -> None:
        """A machine is sound again; more return than break, or there would soon be no quorum to be lost."""
        for what in ("power", "cable", "ssh"):
            self.world.befall(what, host, "", on=True)
        for other in HOSTS:
            self.world.befall("way", host, other, on=True)
            self.world.befall("way", other, host, on=True)

    @rule()
    def time_passes(self) -> None:
        """Until everything is noticed."""
        for _ in range(2 * LATE):
            self.world.tick()

    @rule(managers=st.integers(1, 5))
    def begin_anew(self, managers: int) -> None:
        """After the last manager has left, or with too few of them for ever, another cluster is made."""
        if not self.world.has_quorum:
            self.begin(managers)


class Ungated(Orders):
    """The same, and nobody asks the gate."""

    gate: ClassVar[bool] = False


class Losing(Ungated):
    """The same, until the quorum is lost."""

    thread: ClassVar[bool] = False


def test_no_order_loses_the_quorum() -> None:
    """Neither with the facts as they are nor with those that managers remember."""
    Orders.ends.clear()
    checks = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        Orders, settings=settings(max_examples=examples(300), stateful_step_count=30, suppress_health_check=checks)
    )
    if FEW:
        return  # a few examples do not reach every order
    assert not [name for name in OFTEN if not Orders.ends[f"{name} done"]], Orders.ends
    assert Orders.ends["demote refused"], Orders.ends


@pytest.mark.parametrize(("machine", "error"), [(Losing, QuorumLost), (Ungated, Weakened)])
def test_without_the_gate_orders_do_lose_it(machine: type[Ungated], error: type[AssertionError]) -> None:
    """The control: the same machine finds orders that lose or weaken the quorum as soon as nobody asks the gate."""
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
