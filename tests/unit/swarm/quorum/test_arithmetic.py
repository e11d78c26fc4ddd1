"""The arithmetic of a quorum."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain, combinations, product
from types import MappingProxyType
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import RaftMembers
from bot.swarm.quorum import Quorum, quorum_change_text, quorum_of, tolerance_text

MANAGERS = st.integers(1, 50)
T = TypeVar("T")


def joined(quorum: Quorum, number: int) -> Quorum:
    """The quorum once ``number`` more reachable managers are in."""
    return Quorum(quorum.managers + number, quorum.reachable + number)


@given(MANAGERS)
def test_a_majority_is_needed(managers: int) -> None:
    """Two disjoint sets of this size cannot exist; with one manager less, two halves could both decide."""
    needed = Quorum(managers, managers).needed
    assert 2 * needed > managers
    assert 2 * (needed - 1) <= managers


@given(MANAGERS, st.data())
def test_tolerates_is_the_exact_number_of_failures(managers: int, data: st.DataObject) -> None:
    """After ``tolerates`` failures there is a quorum; after one more there is none."""
    reachable = data.draw(st.integers(managers // 2 + 1, managers))
    quorum = Quorum(managers, reachable)
    assert Quorum(managers, reachable - quorum.tolerates).tolerates == 0
    assert Quorum(managers, reachable - quorum.tolerates - 1).tolerates < 0


@given(MANAGERS)
def test_an_even_number_of_managers_adds_no_tolerance(managers: int) -> None:
    """One manager more than an odd number tolerates no more failures."""
    odd = Quorum(2 * managers - 1, 2 * managers - 1)
    assert joined(odd, 1).tolerates == odd.tolerates
    assert joined(odd, 2).tolerates == odd.tolerates + 1


@pytest.mark.parametrize(
    ("before", "joining", "words"),
    [
        (Quorum(1, 1), 1, "managers 1 → 2, still tolerates no failure"),
        (Quorum(1, 1), 2, "managers 1 → 3, tolerates 0 → 1 failure"),
        (Quorum(3, 3), 1, "managers 3 → 4, still tolerates 1 failure"),
        (Quorum(3, 2), 2, "managers 3 → 5, tolerates 0 → 1 failure"),
        (Quorum(2, 1), 1, "managers 2 → 3, still tolerates no failure"),
    ],
)
def test_effect(before: Quorum, joining: int, words: str) -> None:
    """The change in words counts unreachable managers, as Raft does."""
    assert quorum_change_text(before, joined(before, joining)) == words


def test_a_lost_quorum_tolerates_no_failure() -> None:
    """A negative number of failures is shown as none."""
    assert tolerance_text(-2) == "tolerates no failure"


def members(managers: int, up: Collection[str], cut: Collection[tuple[str, str]]) -> RaftMembers:
    """Return managers named by letters; ``cut`` are pairs that do not reach each other."""
    reachable = {letter: letter in up for letter in "abcdefg"[:managers]}
    return RaftMembers(MappingProxyType(reachable), frozenset(map(frozenset, cut)))


def assert_tolerance_is_exact(letters: str, up: Collection[str], cut: Collection[tuple[str, str]]) -> None:
    """Check the definition: any ``tolerates`` managers may fail; for one more, some choice loses quorum."""

    def decide(left: Collection[str]) -> bool:
        heard = (sum((*sorted((one, other)),) not in cut for other in left) for one in left)
        return 2 * max(heard, default=0) > len(letters)

    found = quorum_of(members(len(letters), up, cut)).tolerates
    assert (found >= 0) == decide(up)
    if found >= 0:
        assert all(map(decide, combinations(up, len(up) - found)))
        assert found == len(up) or not all(map(decide, combinations(up, len(up) - found - 1)))


def some_of(what: Collection[T]) -> Iterator[tuple[T, ...]]:
    """Yield every subset."""
    return chain.from_iterable(combinations(what, number) for number in range(len(what) + 1))


@pytest.mark.parametrize("letters", ["a", "ab", "abc", "abcd"])
def test_tolerance_of_up_to_four_managers(letters: str) -> None:
    """For every choice of reachable managers and of cut connections."""
    for up, cut in product(some_of(letters), some_of([*combinations(letters, 2)])):
        assert_tolerance_is_exact(letters, up, cut)


@given(st.sampled_from(["abcde", "abcdef", "abcdefg"]), st.data())
def test_tolerance_of_five_to_seven_managers(letters: str, data: st.DataObject) -> None:
    """The rule also holds for random choices."""
    up = data.draw(st.sets(st.sampled_from(letters)))
    assert_tolerance_is_exact(letters, sorted(up), data.draw(st.sets(st.sampled_from([*combinations(letters, 2)]))))


def test_four_managers_in_a_square_tolerate_a_failure() -> None:
    """Each of four managers does not reach the opposite one: any leader still hears three, and after a failure too."""
    assert quorum_of(members(4, "abcd", [("a", "c"), ("b", "d")])) == Quorum(4, 3, cut=-1)
    assert quorum_of(members(3, "abc", [("a", "c")])) == Quorum(3, 3, cut=1)
