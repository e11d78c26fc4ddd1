"""Points in time as people write them, past and future."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.text.timespec import read_future, read_past

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
DAY = 24 * 3600.0
NOW = 1_793_500_000.0 + 100 * DAY


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
def test_future_times(text: str, means: str) -> None:
    """A time of day is the next one; times without an offset are UTC."""
    assert read_future(text, NOON) == datetime.fromisoformat(means).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("text", ["", "tomorrow", "25:00", "12:60", "18", "2026-13-01", "9" * 12 + "w", "-4h"])
def test_texts_that_are_not_a_time(text: str) -> None:
    """They give None, for the past too."""
    assert read_future(text, NOON) is None
    assert read_past(text, NOON) is None


@pytest.mark.parametrize(
    ("text", "end", "moment"),
    [
        ("2d", False, NOW - 2 * DAY),
        ("1h30m", True, NOW - 5400),
        ("2026-11-01", False, 1_793_491_200),
        ("2026-11-01", True, 1_793_491_200 + DAY - 0.001),
        ("2026-11-01T08:00", True, 1_793_520_000),
        ("2026-11-01T08:00+01:00", False, 1_793_516_400),
        ("02:26", False, NOW - NOW % DAY + 8760),
        ("23:59", False, NOW - NOW % DAY - 60),
        ("24:00", False, None),
        ("yesterday", False, None),
        ("9" * 12 + "w", False, None),
    ],
)
def test_past_times(text: str, end: bool, moment: float | None) -> None:  # noqa: FBT001 - a table
    """Durations count back, dates are whole days, a time of day is the most recent one; times are UTC by default."""
    assert read_past(text, NOW, end=end) == (moment if moment is None else pytest.approx(moment))
