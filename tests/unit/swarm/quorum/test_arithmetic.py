"""Raft's arithmetic."""

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
    """The least number of which no two disjoint sets can be found: one less would let two halves decide."""
    needed = Quorum(managers, managers).needed
    assert 2 * needed > managers
    assert 2 * (needed - 1) <= managers


@given(MANAGERS, st.data())
def test_so_many_may_fail_and_no_more(managers: int, data: st.DataObject) -> None:
    """After ``tolerates`` failures there still is a quorum, after one more there is none."""
    reachable = data.draw(st.integers(managers // 2 + 1, managers))
    quorum = Quorum(managers, reachable)
    assert Quorum(managers, reachable - quorum.tolerates).tolerates == 0
    assert Quorum(managers, reachable - quorum.tolerates - 1).tolerates < 0


@given(MANAGERS)
def test_an_even_number_adds_nothing(managers: int) -> None:
    """A manager more than an odd number survives no more failures."""
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
    """The change of the quorum in words, the unreachable managers counted as they count in Raft."""
    assert quorum_change_text(before, joined(before, joining)) == words


def test_a_lost_quorum_survives_nothing() -> None:
    """Less than none is not a number of failures."""
    assert tolerance_text(-2) == "tolerates no failure"


def members(managers: int, up: Collection[str], cut: Collection[tuple[str, str]]) -> RaftMembers:
    """Managers named by letters; ``cut`` are pairs that do not reach each other."""
    reachable = {letter: letter in up for letter in "abcdefg"[:managers]}
    return RaftMembers(MappingProxyType(reachable), frozenset(map(frozenset, cut)))


def assert_whichever_fail(letters: str, up: Collection[str], cut: Collection[tuple[str, str]]) -> None:
    """By the meaning of the words: ``tolerates`` may fail, whichever they are; of one more, some may not."""

    def decide(left: Collection[str]) -> bool:
        heard = (sum((*sorted((one, other)),) not in cut for other in left) for one in left)
        return 2 * max(heard, default=0) > len(letters)

    found = quorum_of(members(len(letters), up, cut)).tolerates
    assert (found >= 0) == decide(up)
    if found >= 0:
        assert all(map(decide, combinations(up, len(up) - found)))
        assert found == len(up) or not all(map(decide, combinations(up, len(up) - found - 1)))


def some_of(what: Collection[T]) -> Iterator[tuple[T, ...]]:
    """Every choice."""
    return chain.from_iterable(combinations(what, number) for number in range(len(what) + 1))


@pytest.mark.parametrize("letters", ["a", "ab", "abc", "abcd"])
def test_of_few_managers_whichever_fail_those_that_are_left_decide(letters: str) -> None:
    """Each choice of managers that are up, and of ways between them that are cut."""
    for up, cut in product(some_of(letters), some_of([*combinations(letters, 2)])):
        assert_whichever_fail(letters, up, cut)


@given(st.sampled_from(["abcde", "abcdef", "abcdefg"]), st.data())
def test_of_more_managers_whichever_fail_those_that_are_left_decide(letters: str, data: st.DataObject) -> None:
    """The same by chance."""
    up = data.draw(st.sets(st.sampled_from(letters)))
    assert_whichever_fail(letters, sorted(up), data.draw(st.sets(st.sampled_from([*combinations(letters, 2)]))))


def test_a_square_survives_a_failure() -> None:
    """Each of four is cut off from the one across: three hear each other whoever leads, and whichever fails."""
    assert quorum_of(members(4, "abcd", [("a", "c"), ("b", "d")])) == Quorum(4, 3, cut=-1)
    assert quorum_of(members(3, "abc", [("a", "c")])) == Quorum(3, 3, cut=1)
