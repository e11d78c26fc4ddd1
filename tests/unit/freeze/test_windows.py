"""When the freezes of swarmbot.yml are in effect: by local time, daylight saving time included."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.config import FreezeWindow
from bot.config.freezes import DAYS
from bot.freeze.windows import MERGE_HORIZON_S, scheduled_span

BERLIN = "Europe/Berlin"
WEEK = 7 * 24 * 60
HOUR = 3600.0

# Whole minutes from 2024 on for three years: six changes of summer time.
moments = st.integers(0, 3 * 366 * 24 * 60).map(lambda minute: 1_704_067_200.0 + 60 * minute)
times = st.times().map(lambda at: time(at.hour, at.minute))
days = st.lists(st.sampled_from(DAYS), min_size=1, max_size=7, unique=True)
zones = st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])


def _window(**written: Any) -> FreezeWindow:
    return FreezeWindow.model_validate({"reason": "r", **written})


def _wall(now: float, zone: str) -> int:
    """Return the minute of the week in local time."""
    local = datetime.fromtimestamp(now, ZoneInfo(zone))
    return (local.weekday() * 24 + local.hour) * 60 + local.minute


def _covered(minute: int, begins: int, ends: int) -> bool:
    """Return whether a minute of the week is in the span, by counting around the week."""
    return (minute - begins) % WEEK < ((ends - begins) % WEEK or WEEK)


def _steady(now: float, zone: str) -> bool:
    """Return whether the zone has no clock change within a day."""
    offsets = {datetime.fromtimestamp(now + day * 24 * HOUR, ZoneInfo(zone)).utcoffset() for day in (-9, -1, 0, 1, 9)}
    return len(offsets) == 1


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _by_the_wall(window: dict[str, Any], now: float) -> bool:
    minute = _wall(now, window["timezone"])
    begin, end = (_minutes(time.fromisoformat(window[key])) for key in ("from", "until"))
    length = (end - begin) % (24 * 60) or 24 * 60
    starts = [DAYS.index(day) * 24 * 60 + begin for day in window["days"]]
    return any(_covered(minute, start, start + length) for start in starts)


weekly = st.fixed_dictionaries(
    {"days": days, "from": times.map(time.isoformat), "until": times.map(time.isoformat), "timezone": zones}
).map(lambda window: {**window, "from": window["from"][:5], "until": window["until"][:5]})


@given(weekly, moments)
def test_days_follow_local_time(window: dict[str, Any], now: float) -> None:
    """In any time zone and at any hours, across midnight and the end of the week."""
    held = scheduled_span([_window(**window)], now) is not None
    if _steady(now, window["timezone"]):
        assert held is _by_the_wall(window, now)
    elif _by_the_wall(window, now):
        assert held, "where clocks are changed it is never shorter than they say"


@given(st.sampled_from(DAYS), times, st.sampled_from(DAYS), times, moments)
def test_span_from_one_day_to_another(first: str, begin: time, last: str, end: time, now: float) -> None:
    """One span a week, of any length."""
    assume((first, begin) != (last, end))
    window = _window(**{"from": f"{first} {begin:%H:%M}", "until": f"{last} {end:%H:%M}", "timezone": BERLIN})
    begins, ends = (DAYS.index(day) * 24 * 60 + _minutes(at) for day, at in ((first, begin), (last, end)))
    held = scheduled_span([window], now)
    if _steady(now, BERLIN):
        assert (held is not None) is _covered(_wall(now, BERLIN), begins, ends)
    if held is not None:
        assert _wall(held.end, BERLIN) == ends or not _steady(held.end, BERLIN)


@given(st.lists(weekly, max_size=4), moments)
def test_end_is_the_first_free_instant(windows: list[dict[str, Any]], now: float) -> None:
    """The shown end is free, unless the freeze lasts for weeks; before it the freeze is in effect."""
    written = [_window(**window) for window in windows]
    held = scheduled_span(written, now)
    if held is None:
        return
    assert held.begin <= now < held.end
    assert scheduled_span(written, held.end) is None or held.end >= now + MERGE_HORIZON_S
    for part in range(1, 8):
        assert scheduled_span(written, now + (held.end - 1 - now) * part / 8)


@pytest.mark.parametrize(
    ("moment", "held"),
    [
        ("2026-12-19T22:59:59+00:00", False),
        ("2026-12-19T23:00:00+00:00", True),  # midnight in Berlin
        ("2027-01-02T06:59:59+00:00", True),
        ("2027-01-02T07:00:00+00:00", False),
    ],
)
def test_dates_are_in_the_time_zone_of_the_window(moment: str, *, held: bool) -> None:
    """A date is its first instant there; the end is not part of the freeze."""
    window = _window(**{"from": "2026-12-20", "until": "2027-01-02T08:00", "timezone": BERLIN})
    assert (scheduled_span([window], datetime.fromisoformat(moment).timestamp()) is not None) is held


def _utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("begin", "until", "first", "end"),
    [
        # 2026-03-29: 02:00 CET is 03:00 CEST. 2026-10-25: 03:00 CEST is 02:00 CET.
        ("sat 16:00", "sun 08:00", "2026-03-28T15:00", "2026-03-29T06:00"),
        ("sat 16:00", "sun 08:00", "2026-10-24T14:00", "2026-10-25T07:00"),
        ("sat 16:00", "sun 02:30", "2026-03-28T15:00", "2026-03-29T01:30"),
        ("sat 16:00", "sun 02:30", "2026-10-24T14:00", "2026-10-25T01:30"),
        ("sun 02:30", "sun 08:00", "2026-03-29T00:30", "2026-03-29T06:00"),
        ("sun 02:30", "sun 08:00", "2026-10-25T00:30", "2026-10-25T07:00"),
    ],
)
def test_daylight_saving_time_in_berlin(begin: str, until: str, first: str, end: str) -> None:
    """An hour that exists twice, or not at all, is frozen from its first meaning to its last."""
    held = scheduled_span([_window(**{"from": begin, "until": until, "timezone": BERLIN})], _utc(end) - 1)
    assert held is not None
    assert (held.begin, held.end) == (_utc(first), _utc(end))


def test_consecutive_days_are_one_freeze() -> None:
    """Days without a gap between them are shown as one freeze, with the current reason."""
    weekend = _window(**{"days": ["sat", "sun"], "from": "00:00", "until": "00:00", "reason": "weekend"})
    monday = _window(**{"from": "2026-11-23", "until": "2026-11-23T09:00", "reason": "stocktaking"})
    held = scheduled_span([monday, weekend], _utc("2026-11-21T12:00"))
    assert held is not None
    assert (held.begin, held.end, held.reason) == (_utc("2026-11-21T00:00"), _utc("2026-11-23T09:00"), "weekend")


def test_permanent_freeze_is_shown() -> None:
    """Every day, all day: the search for its end is bounded."""
    always = _window(**{"days": list(DAYS), "from": "12:00", "until": "12:00"})
    now = _utc("2026-11-21T13:00")
    held = scheduled_span([always], now)
    assert held is not None
    assert now + MERGE_HORIZON_S <= held.end <= now + MERGE_HORIZON_S + timedelta(days=1).total_seconds()
