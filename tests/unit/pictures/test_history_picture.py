"""The picture of a history: what is in it has its colour and its place, and it fits a phone."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops

from bot.model.history import SAMPLE_S, Counts, HistoryChart, Range, Sample
from bot.pictures.history_picture import UNREAD, picture
from bot.pictures.style import CARD, COLOURS, WIDTH
from bot.swarm.history.chart import chart_of
from bot.swarm.history.span import HistorySpan
from tests.kits.examples import examples
from tests.kits.histories import LAST, NOW, only, sample, samples
from tests.unit.pictures.test_cluster_picture import contrast

HOUR = 30


def chart(found: tuple[Sample, ...], hours: float = 24) -> HistoryChart:
    """Return the chart of the last hours."""
    made = chart_of("prod", found, HistorySpan(NOW - hours * 3600, NOW), NOW)
    assert made
    return made


def image(found: tuple[Sample, ...], hours: float = 24) -> Image.Image:
    """Return the picture as Slack would decode it."""
    shown = Image.open(io.BytesIO(picture(chart(found, hours))))
    assert (shown.format, shown.width) == ("PNG", WIDTH)
    return shown.convert("RGB")


def columns_of(shown: Image.Image, colour: str) -> set[int]:
    """Return where in its width a picture has a colour, right of the signs of its legend."""
    return {x for x, found in enumerate(_projections(shown, colour)[0], 120) if found}


def rows_of(shown: Image.Image, colour: str) -> set[int]:
    """Return the same for its height."""
    return {y for y, found in enumerate(_projections(shown, colour)[1]) if found}


def _projections(shown: Image.Image, colour: str) -> tuple[list[int], list[int]]:
    ground = Image.new("RGB", shown.size, colour)
    differing = ImageChops.difference(shown, ground).convert("L").point(lambda level: 0 if level else 255)
    return differing.crop((120, 0, *shown.size)).getprojection()


def test_each_state_has_its_colour() -> None:
    """All is well; some are missing; an incident; not watched."""
    well = image(samples(HOUR))
    assert columns_of(well, COLOURS["good"])
    assert not any(columns_of(well, each) for each in (COLOURS["warning"], COLOURS["bad"], UNREAD))
    missing = image(samples(HOUR, lambda at, place: sample(at, ready=3 if place == 9 else 5)))
    assert columns_of(missing, COLOURS["warning"])
    incident = image(samples(HOUR, lambda at, place: sample(at, incidents=place == 9)))
    assert columns_of(incident, COLOURS["bad"])
    unwatched = image(samples(HOUR, lambda at, place: None if place == 9 else sample(at)))
    assert columns_of(unwatched, UNREAD)


def test_a_short_dip_and_a_short_gap_of_a_week_are_seen() -> None:
    """Two minutes are less than a pixel."""
    week = 7 * 24 * HOUR
    shown = image(samples(week, lambda at, place: sample(at, ready=4 if place == 2000 else 5)), hours=168)
    assert 0 < len(columns_of(shown, COLOURS["warning"])) < 10
    shown = image(samples(week, lambda at, place: None if place == 2000 else sample(at)), hours=168)
    assert 0 < len(columns_of(shown, UNREAD)) < 10


def test_the_line_follows_the_worst_reading() -> None:
    """The lowest number of nodes in two minutes, and the highest of incidents, and not the numbers at their end."""

    def shown(low: int, high: int) -> Image.Image:
        counts = Counts(*map(only, (5, 5, 12, 12, 3, 3, 2)))._replace(nodes_ready=Range(low, 5, 5))
        return image((*samples(HOUR)[:-1], Sample(LAST, Range(0, high, 0), counts)))

    rows = [rows_of(shown(low, 1), COLOURS["warning"]) for low in (4, 1)]
    assert min(map(min, rows)) == min(rows[1])
    assert max(rows[0]) < max(rows[1])
    heights = [len(rows_of(shown(5, high), COLOURS["bad"])) for high in (0, 9)]
    assert heights[0] == 0
    assert heights[1] > 150


def test_the_time_goes_from_left_to_right() -> None:
    """What was later is on the right of what was earlier."""
    places = []
    for when in (2, 15, 28):
        found = [sample(each.at, incidents=int(place == when)) for place, each in enumerate(samples(HOUR))]
        places.append(min(columns_of(image(tuple(found)), COLOURS["bad"])))
    assert places == sorted(places)
    assert places[0] < WIDTH / 4
    assert places[2] > WIDTH * 3 / 4


def test_it_can_be_read() -> None:
    """Lines have a contrast of 4 to 1 and more on the ground of the plots."""
    assert min(contrast(each, CARD) for each in (*COLOURS.values(), UNREAD)) >= 4


NUMBERS = st.integers(0, 60_000)
RANGES = st.lists(NUMBERS, min_size=3, max_size=3).map(lambda found: Range(min(found), max(found), found[0]))


@st.composite
def courses(draw: st.DrawFn) -> tuple[Sample, ...]:
    """Any samples of a few hours, at any distance from each other."""
    places = draw(st.sets(st.integers(0, 500), min_size=1, max_size=40))
    last = int(NOW) // SAMPLE_S * SAMPLE_S
    return tuple(
        Sample(
            last - place * SAMPLE_S,
            draw(RANGES),
            draw(st.none() | st.lists(RANGES, min_size=7, max_size=7).map(lambda found: Counts(*found))),
        )
        for place in sorted(places, reverse=True)
    )


@given(found=courses())
@settings(max_examples=examples(40), deadline=None)
def test_every_history_is_drawn(found: tuple[Sample, ...]) -> None:
    """For any counts: zero, one, thousands, more than all."""
    assert image(found).height < 4000


@pytest.mark.parametrize("number", [0, 1, 30, 31, 5000])
def test_a_number_that_does_not_change_is_drawn(number: int) -> None:
    """The axis has a height in any case."""
    ranges = Counts(*[only(number)] * 7)
    assert columns_of(image((Sample(int(NOW) // SAMPLE_S * SAMPLE_S, only(number), ranges),)), COLOURS["good"])
