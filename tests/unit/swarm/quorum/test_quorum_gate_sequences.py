"""Sequences in which a command would lose quorum or failure tolerance without the gate, and does not with it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.kits.cluster_truth import LATE, QuorumLost, Weakened
from tests.kits.fault_injector import SIZE, Cut, Cutter, Fault
from tests.kits.orders import Ended
from tests.kits.simulated_cluster import Simulated


def off(host: str, what: str = "power") -> Fault:
    """Return a host that loses its power, or what ``what`` says."""
    return (what, host, "", False)


def on(host: str) -> Fault:
    """Return a host that gets its power back."""
    return ("power", host, "", True)


def apart(one: str, other: str) -> tuple[Fault, ...]:
    """Return two hosts that do not reach each other."""
    return (("way", one, other, False), ("way", other, one, False))


@dataclass(frozen=True)
class Sequence:
    """Faults happen ``before``, the managers notice them, then ``just`` happens; then comes the command."""

    managers: int
    words: str
    before: tuple[Fault, ...] = ()
    just: tuple[Fault, ...] = ()
    cuts: tuple[Cut, ...] = ()
    without: type[AssertionError] = QuorumLost
    ended: Ended = "refused"


THIRD_IS_CUT_OFF = (*apart("host-3", "host-1"), *apart("host-3", "host-2"))
SEQUENCES = {
    "a manager has died": Sequence(3, "demote host-1 --force", before=(off("host-3"),)),
    "a manager has just died": Sequence(3, "leave host-1 --force", just=(off("host-3"),)),
    "a manager dies in the middle": Sequence(3, "remove host-1 --force", cuts=((1, off("host-3")),), ended="stopped"),
    "an engine is stopped for a backup": Sequence(3, "backup host-2", just=(off("host-3"),)),
    "a cable was just cut": Sequence(3, "remove host-1 --force", just=(off("host-3", "cable"),)),
    "a manager was just cut off from the others and not from the bot": Sequence(
        3, "demote host-2 --force", just=THIRD_IS_CUT_OFF
    ),
    "it is cut off in the middle": Sequence(
        3, "remove host-2 --force", cuts=tuple((1, fault) for fault in THIRD_IS_CUT_OFF), ended="stopped"
    ),
    "the leader alone hears both of the others": Sequence(3, "demote host-1 --force", before=apart("host-2", "host-3")),
    "the same, and in one direction alone": Sequence(
        3, "demote host-1 --force", before=(("way", "host-2", "host-3", False),)
    ),
    "somebody just let a manager leave by hand": Sequence(3, "demote host-2 --force", just=(off("host-3", "leave"),)),
    "of five a manager dies in the middle": Sequence(
        5, "remove host-5", cuts=((1, off("host-4")),), without=Weakened, ended="stopped"
    ),
    "of five two are cut from each other in the middle": Sequence(
        5, "remove host-5", cuts=((1, off("host-4", "cable")),), without=Weakened, ended="stopped"
    ),
    "the others hang by the leader": Sequence(4, "demote host-1", before=apart("host-2", "host-3"), without=Weakened),
    "a return that is not noticed": Sequence(
        3, "demote host-3", before=(off("host-3"),), just=(on("host-3"),), without=Weakened
    ),
    "a manager misses the present leader alone": Sequence(
        4, "demote host-3", before=apart("host-1", "host-2"), without=Weakened
    ),
    "neither the bot nor the manager that it reads from reach one": Sequence(
        4, "demote host-2", before=(off("host-4", "ssh"),), just=apart("host-1", "host-4"), without=Weakened
    ),
}


def prepared(sequence: Sequence) -> Simulated:
    """Return the cluster as it is when the command comes."""
    world = Simulated(SIZE, sequence.managers)
    for what, host, other, back in sequence.before:
        world.inject(what, host, other, on=back)
    for _ in range(2 * LATE):
        world.tick()
    for what, host, other, back in sequence.just:
        world.inject(what, host, other, on=back)
    assert world.has_quorum
    return world


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES)
def test_sequence_with_the_gate_and_without(sequence: Sequence) -> None:
    """The gate refuses the command, or stops it at the dangerous step."""
    world = prepared(sequence)
    assert Cutter(world, gate=True).order(sequence.words, [*sequence.cuts]) == sequence.ended
    assert world.has_quorum
    with pytest.raises(sequence.without):
        Cutter(prepared(sequence), gate=False).order(sequence.words, [*sequence.cuts])


def test_force_that_was_not_needed_when_it_was_given() -> None:
    """Removing one of five managers is safe and needs no approval. If another one dies, it needs 2 approvals."""
    world = Simulated(SIZE, managers=5)
    assert Cutter(world, gate=True).order("remove host-5 --force", [(1, off("host-4"))]) == "stopped"
    assert world.tolerates == 1


def test_a_manager_that_only_the_bot_does_not_reach() -> None:
    """Its peers reach it, so it counts: one of the three managers may be removed."""
    world = Simulated(SIZE, managers=3)
    world.inject("ssh", "host-3", "", on=False)
    assert Cutter(world, gate=True).order("demote host-2 --force", []) == "done"
    assert world.has_quorum
