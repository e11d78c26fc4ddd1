"""Durations are read back as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.durations import at_most, read_duration, write_duration


@given(milliseconds=st.integers(0, 10**12))
def test_written_duration_is_read_back(milliseconds: int) -> None:
    """To the millisecond, in any unit."""
    assert read_duration(write_duration(milliseconds / 1000)) == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("seconds", "written"), [(0, "0s"), (0.5, "500ms"), (5, "5s"), (90, "90s"), (7776000, "90d"), (129600, "36h")]
)
def test_duration_is_written_in_the_largest_whole_unit(seconds: float, written: str) -> None:
    """As people write it."""
    assert write_duration(seconds) == written


@given(seconds=st.floats(0, 10**6))
def test_a_bound_is_never_shorter_than_the_time(seconds: float) -> None:
    """And at most a unit longer."""
    number, unit = at_most(seconds).removeprefix("at most ").split()
    length = {"s": 1, "min": 60, "h": 3600}[unit]
    assert seconds <= int(number) * length <= seconds + length
