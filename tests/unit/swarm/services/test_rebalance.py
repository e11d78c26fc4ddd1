"""How many tasks a rebalance moves: as few as possible, and enough."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.model import ServiceFacts
from bot.swarm.services.rebalance import Spread

COUNTS = st.lists(st.integers(0, 30), min_size=1, max_size=8)


def spread(counts: list[int]) -> Spread:
    """Return the spread of a service that runs this many tasks on each node."""
    return Spread(ServiceFacts("web", sum(counts), sum(counts)), {f"n{place}": n for place, n in enumerate(counts)})


@given(COUNTS)
def test_the_moves_spread_the_tasks_evenly(counts: list[int]) -> None:
    """No task is lost, and the second time nothing moves."""
    after = spread(counts).after()
    assert sum(after.values()) == sum(counts)
    assert max(after.values()) - min(after.values()) <= 1
    assert spread([*after.values()]).moves == 0


@given(COUNTS)
def test_fewer_moves_would_not_do(counts: list[int]) -> None:
    """Each node that has too few must get a task for each that is missing, and each that has too many must lose one."""
    before = spread(counts)
    gained = sum(max(0, now - then) for then, now in zip(counts, before.after().values(), strict=True))
    assert gained == before.moves
    assert before.moves == 0 or max(counts) - min(counts) > 1
