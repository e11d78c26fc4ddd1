"""Moments to come as people write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.commands import read_moment

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("4h", "2026-11-21T16:00"),
        ("12:01", "2026-11-21T12:01"),
        ("12:00", "2026-11-22T12:00"),
        ("9:30", "2026-11-22T09:30"),
        ("2026-12-24", "2026-12-24T00:00"),
        ("2026-12-24T08:00", "2026-12-24T08:00"),
        ("2026-12-24T08:00+01:00", "2026-12-24T07:00"),
        ("2026-12-24T08:00Z", "2026-12-24T08:00"),
    ],
)
def test_moments(text: str, means: str) -> None:
    """A time of day is the next one; without an offset all are UTC."""
    assert read_moment(text, NOON) == datetime.fromisoformat(means).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["", "tomorrow", "25:00", "12:60", "18", "2026-13-01", "9" * 12 + "w", "-4h"])
def test_moments_that_are_none(text: str) -> None:
    """They are told as such where the command is read."""
    assert read_moment(text, NOON) is None
