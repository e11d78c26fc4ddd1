"""The history as a picture shows it and as words say it: what was read is in it, and what was not is a gap."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.history import SAMPLE_S, Gap, HistoryChart, Mark, Range, Sample
from bot.swarm.history.chart import MAX_COLUMNS, chart_of
from bot.swarm.history.span import HistorySpan
from bot.swarm.history.words import length, lines
from tests.kits.examples import examples
from tests.kits.histories import LAST, NOW, counts, only, sample, samples

HOUR = 30
"""The slots of an hour."""


def chart(found: tuple[Sample, ...], hours: float = 24, now: float = NOW) -> HistoryChart:
    """Return the chart of the last hours."""
    made = chart_of("prod", found, HistorySpan(now - hours * 3600, now), now)
    assert made is not None
    return made


def marks(shown: HistoryChart, title: str = "Nodes") -> tuple[Mark | None, ...]:
    """Return the marks of a plot."""
    return next(plot.marks for plot in shown.plots if plot.title == title)


def test_the_words_say_all_that_is_drawn() -> None:
    """From when to when, what is now, the lowest and the highest, and each gap with its reason."""

    def course(at: int, place: int) -> Sample | None:
        if 5 <= place < 10:
            return sample(at, incidents=1, ready=3, running=7, reachable=2)
        if place == 10:
            return sample(at, incidents=2, read=False)
        return None if 15 <= place < 20 else sample(at)

    assert [*lines(chart(samples(HOUR, course)))] == [
        "Jan 15, 2027 07:02 to 08:00 UTC, one sample for each 2 minutes.",
        "Nodes: 5 of 5 ready now; lowest 3 at 07:12 · highest 5.",
        "Tasks: 12 of 12 running now; lowest 7 at 07:12 · highest 12.",
        "Managers: 3 of 3 reachable now; lowest 2 at 07:12 · highest 3 · 2 needed for a quorum.",
        "Incidents: 0 open now; highest 2 at 07:22 · lowest 0.",
        "Not watched for 10 min: 07:32 to 07:42.",
        "No manager with a quorum could be read for 2 min: 07:22 to 07:24.",
    ]


def test_what_was_not_read_is_no_value() -> None:
    """Without a manager incidents are known, and nothing else; what nothing watched is not known at all."""
    shown = chart(samples(5, lambda at, place: {1: None, 2: sample(at, 1, read=False)}.get(place, sample(at))))
    unwatched, unread = (
        Gap(LAST - (4 - place) * SAMPLE_S, LAST - (3 - place) * SAMPLE_S, place == 2) for place in (1, 2)
    )
    for plot in shown.plots[:3]:
        assert [mark is None for mark in plot.marks] == [False, True, True, False, False]
        assert plot.gaps == (unwatched, unread)
        assert [value is None for value in plot.references[0].values] == [False, True, True, False, False]
    assert [mark and mark.high for mark in marks(shown, "Incidents")] == [0, None, 1, 0, 0]
    assert shown.plots[3].gaps == (unwatched,)


def test_what_is_not_read_lately_is_not_told_as_now() -> None:
    """A process that watches no more, or no manager: the last value has its time."""
    stopped = chart(samples(HOUR), now=NOW + 600)
    assert stopped.plots[0].now == "5 of 5 ready, last read 08:00"
    assert stopped.plots[3].now == "0 open, last read 08:00"
    assert [*lines(stopped)][-1] == "Not watched for 8 min: 08:02 to 08:10."
    lost = chart(samples(HOUR, lambda at, place: sample(at, 1, read=place < 20)))
    assert lost.plots[0].now == "5 of 5 ready, last read 07:40"
    assert lost.plots[3].now == "1 open now"
    assert (stopped.plots[0].extremes, lost.plots[3].extremes) == ("5 in every reading", "always 1")
    never = chart(samples(HOUR, lambda at, _: sample(at, read=False)))
    assert (never.plots[0].now, never.plots[0].extremes) == ("not read", "")


def test_a_past_time_has_no_now() -> None:
    """It ends at its own end."""
    made = chart_of("prod", samples(3 * HOUR), HistorySpan(NOW - 7200, NOW - 3600), NOW)
    assert made
    assert made.plots[0].now == "5 of 5 ready at the end"
    assert made.time == "Jan 15, 2027 06:00 to 07:02 UTC"


def test_it_begins_with_the_first_sample_of_all() -> None:
    """What is older was not recorded by anybody, which is no gap; but a gap at its beginning is one."""
    assert chart(samples(3)).since == LAST - 2 * SAMPLE_S
    early = sample(LAST - 60 * HOUR * SAMPLE_S)
    shown = chart((early, *samples(3)))
    assert shown.since <= NOW - 24 * 3600 < shown.since + SAMPLE_S
    assert shown.plots[0].gaps[0].since == shown.since
    assert chart_of("prod", (early,), HistorySpan(NOW - 3600, NOW), NOW) is None
    assert chart_of("prod", (), HistorySpan(NOW - 3600, NOW), NOW) is None


def test_the_slot_that_has_just_begun_is_no_gap() -> None:
    """It is read within seconds. The one before is a gap if it was not read."""
    assert chart(samples(HOUR)[:-1]).plots[0].gaps == ()
    assert len(chart(samples(HOUR)[:-2]).plots[0].gaps) == 1


def test_numbers_of_different_readings_are_no_lack() -> None:
    """A node that joined within a slot: all three were ready, and then all four."""
    joined = replace_counts(sample(LAST), nodes=Range(3, 4, 4), nodes_ready=Range(3, 4, 4))
    lacking = replace_counts(sample(LAST), nodes=only(4), nodes_ready=Range(3, 4, 4))
    assert [marks(chart((each,)))[0] for each in (joined, lacking)] == [Mark(3, 4, "good"), Mark(3, 4, "warning")]


def replace_counts(found: Sample, **ranges: Range) -> Sample:
    """Return a sample with other counts."""
    return found._replace(counts=counts()._replace(**ranges))


@given(st.data())
@settings(max_examples=examples(30), deadline=None)
def test_a_long_time_has_as_many_columns_as_can_be_seen(data: st.DataObject) -> None:
    """Each has the extremes and the worst level of its samples: a dip of two minutes in a week is seen."""
    hours = data.draw(st.sampled_from([1, 5, 24, 100, 168]))
    dip = data.draw(st.integers(0, hours * HOUR - 1))
    found = samples(hours * HOUR, lambda at, place: sample(at, ready=4 if place == dip else 5))
    shown = chart(found, hours)
    assert len(marks(shown)) <= MAX_COLUMNS
    assert shown.since + len(marks(shown)) * shown.column_s >= shown.until
    wanted = (LAST - (hours * HOUR - 1 - dip) * SAMPLE_S - shown.since) // shown.column_s
    lacking = [place for place, mark in enumerate(marks(shown)) if mark and mark.level == "warning"]
    assert lacking == ([wanted] if wanted >= 0 else [])
    assert all(mark and mark.low == (4 if place in lacking else 5) for place, mark in enumerate(marks(shown)))
    assert replace(shown, plots=()).column_s % SAMPLE_S == 0


def test_what_numbers_are_compared_with_may_change() -> None:
    """Words say so; the picture has it as a line."""
    grown = replace_counts(sample(LAST), nodes=only(7), nodes_ready=only(7), managers_needed=only(3))
    said = "\n".join(lines(chart((*samples(3)[:-1], grown))))
    assert "Nodes: 7 of 7 ready now; lowest 5 at 07:56 · highest 7; all nodes 5 to 7." in said
    assert "always 3 · 2 to 3 needed for a quorum." in said
    assert "desired" not in said


def test_of_many_gaps_the_longest_are_named() -> None:
    """And all are counted."""
    found = samples(3 * HOUR, lambda at, place: None if place % 10 < place // 10 else sample(at))
    [line] = [each for each in lines(chart(found)) if each.startswith("Not watched")]
    assert line.startswith("Not watched for 1 h 12 min: ")
    assert line.endswith(" and 3 shorter times.")
    assert line.count(" to ") == 5


def test_a_length_has_two_units() -> None:
    """Days and hours, or hours and minutes."""
    assert [length(60 * each) for each in (0, 2, 62, 120, 3 * 1440 + 61)] == [
        "0 min",
        "2 min",
        "1 h 2 min",
        "2 h",
        "3 d 1 h",
    ]
