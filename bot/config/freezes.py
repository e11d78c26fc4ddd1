"""Freeze windows in swarmbot.yml: on days of the week, from one time of the week to another, or once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from bot.config.base import Model, wrong
from bot.text.suggest import nearest

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OF_WEEK: Final = re.compile(rf"({'|'.join(DAYS)})\s+(\S+)", re.IGNORECASE)
_OF_DAY: Final = re.compile(r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9]")
WANTED: Final = 'must be a time in quotes (`"16:00"`, `"fri 16:00"`) or a date (`2026-12-20`, `2026-12-20T08:00`)'


@dataclass(frozen=True, slots=True)
class TimeOfWeek:
    """A time of every week; ``day`` counts from 0, Monday."""

    day: int
    time: time


Moment = time | TimeOfWeek | datetime
"""In the window's time zone, unless a date-time has its own offset."""


def _moment(value: object) -> Moment:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the window has the zone
    if not isinstance(value, str):
        raise wrong(WANTED)
    if week := _OF_WEEK.fullmatch(value):
        return TimeOfWeek(DAYS.index(week[1].lower()), _time(week[2]))
    if _OF_DAY.fullmatch(value):
        return _time(value)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise wrong(WANTED) from None


def _time(text: str) -> time:
    if not _OF_DAY.fullmatch(text):
        raise wrong(WANTED)
    hour, minute = map(int, text.split(":"))
    return time(hour, minute)


def _time_of_day(value: object) -> time:
    if not isinstance(value, str) or not _OF_DAY.fullmatch(value):
        raise wrong('must be a time of day in quotes, like `"08:00"`')
    return _time(value)


def _day(value: object) -> int:
    if isinstance(value, str) and value.lower() in DAYS:
        return DAYS.index(value.lower())
    raise wrong(f"must be one of {', '.join(f'`{day}`' for day in DAYS)}")


def _zone(value: object) -> ZoneInfo:
    known = available_timezones()
    if isinstance(value, str) and value in known:
        return ZoneInfo(value)
    raise wrong(f"must be a time zone like `{nearest(str(value), known) or 'Europe/Berlin'}`")


def _not_blank(text: str) -> str:
    if not text.strip():
        raise wrong("must say why: people read it when their change is held up")
    return text.strip()


Day = Annotated[int, PlainValidator(_day)]
TimeOfDay = Annotated[time, PlainValidator(_time_of_day)]
When = Annotated[Moment, PlainValidator(_moment)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone)]


class FreezeWindow(Model):
    """A time in which each change needs one more approval."""

    days: tuple[Day, ...] = ()
    """If set, ``begin`` and ``until`` are times of day, and the window starts on each of these days. Otherwise both are
    a :class:`TimeOfWeek` (the window is weekly) or a date-time (it is once)."""
    begin: When = Field(alias="from")
    until: When
    timezone: Zone = ZoneInfo("UTC")
    reason: Annotated[str, AfterValidator(_not_blank)]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        wanted = time if self.days else (TimeOfWeek, datetime)
        if not isinstance(self.begin, wanted) or not isinstance(self.until, wanted):
            raise wrong(
                "must have times of day in `from` and `until` if `days` is set"
                if self.days
                else "must have `days`, or a day in both `from` and `until`"
            )
        if type(self.begin) is not type(self.until):
            raise wrong("must have two days of the week or two dates in `from` and `until`")
        if isinstance(self.begin, TimeOfWeek) and self.begin == self.until:
            raise wrong("must not end at the time when it begins")
        if isinstance(self.begin, datetime) and isinstance(self.until, datetime):
            begin, until = (
                each if each.tzinfo else each.replace(tzinfo=self.timezone) for each in (self.begin, self.until)
            )
            if begin >= until:
                raise wrong("must end after it begins")
        return self
