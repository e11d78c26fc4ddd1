"""Draws the history of a cluster: plots below each other, with one axis of time, and what was not read as hatching."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from math import ceil, log10
from typing import Final

from PIL import Image, ImageDraw

from bot.model.history import LEVELS, Gap, HistoryChart, Level, Mark, Plot, Reference
from bot.pictures.fonts import fitting, font, largest
from bot.pictures.style import BACKGROUND, CARD, COLOURS, FAINT, MARGIN, TEXT, WIDTH, mixed
from bot.swarm.history.words import number_text

TITLE_PX: Final = 52
TITLE_SIZES_PX: Final = (TITLE_PX, 44, 36, 30)
PLOT_TITLE_PX: Final = 40
TEXT_PX: Final = 30
LINE: Final = 44
PLOT_HEIGHT: Final = 190
LABEL_GAP: Final = 14
"""The space between the labels of an axis and the plot."""
UNREAD: Final = COLOURS["unknown"]
GRID: Final = BACKGROUND
SHADE: Final = 0.3
"""How much of a line's colour the area below it has."""
SPREAD: Final = 0.6
"""How much of a line's colour the bar between the lowest and the highest value of a column has."""
HATCH: Final = 14
"""Pixels between two lines of a hatching."""
FROM_ZERO: Final = 30
"""A plot whose highest value is not more begins at 0, so that each node is seen."""
ROUND: Final = (1, 2, 5, 10)
HOUR_S: Final = 3600
STEPS_S: Final = (300, 600, 900, 1800, *(HOUR_S * hours for hours in (1, 2, 3, 4, 6, 12, 24, 48)))
"""The possible seconds between two times that are named."""
MAX_TIMES: Final = 7
DASH: Final = 24
DASH_DRAWN: Final = 14
"""How many pixels of a dash and the pause after it are drawn."""
SIGN_WIDTH: Final = 64
LEGEND_WIDTH: Final = WIDTH - 2 * MARGIN - SIGN_WIDTH - 20


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where values and times are in a plot whose area begins at ``left`` and ``top``."""

    chart: HistoryChart
    left: int
    top: int
    low: int
    high: int
    """The values at the bottom and at the top."""

    @property
    def bottom(self) -> int:
        return self.top + PLOT_HEIGHT

    def x(self, at: float) -> int:
        """Return where a time is."""
        part = (min(at, self.chart.until) - self.chart.since) / (self.chart.until - self.chart.since)
        return round(self.left + part * (WIDTH - MARGIN - self.left))

    def y(self, value: int) -> int:
        """Return where a value is."""
        return round(self.bottom - (value - self.low) / (self.high - self.low) * PLOT_HEIGHT)

    def column(self, number: int) -> tuple[int, int]:
        """Return the first and the last pixel of a column."""
        began = self.chart.since + number * self.chart.column_s
        left = self.x(began)
        return left, max(left, self.x(began + self.chart.column_s) - 1)


def picture(chart: HistoryChart) -> bytes:
    """Return the picture as PNG."""
    legend = [part for line in _legend(chart) for part in _wrapped(line)]
    head, each = MARGIN + TITLE_PX + LINE + 40, PLOT_TITLE_PX + LINE + PLOT_HEIGHT + 64
    foot = LINE + 12 + LINE * len(legend) + MARGIN
    image = Image.new("RGB", (WIDTH, head + each * len(chart.plots) + foot), BACKGROUND)
    draw = ImageDraw.Draw(image)
    title, text = largest(chart.title, WIDTH - 2 * MARGIN, TITLE_SIZES_PX), font(TEXT_PX)
    draw.text((MARGIN, MARGIN), fitting(chart.title, WIDTH - 2 * MARGIN, title), TEXT, title)
    draw.text((MARGIN, MARGIN + TITLE_PX + 16), fitting(chart.time, WIDTH - 2 * MARGIN, text), FAINT, text)
    limits = [_limits(plot) for plot in chart.plots]
    left = MARGIN + LABEL_GAP + max(round(text.getlength(number_text(high))) for _, high in limits)
    top = head
    for plot, (low, high) in zip(chart.plots, limits, strict=True):
        scale = _Scale(chart, left, top + PLOT_TITLE_PX + LINE + 24, low, high)
        _draw_plot(draw, plot, scale, top)
        top += each
    _draw_times(draw, scale)
    for number, line in enumerate(legend):
        _draw_legend(draw, line, top + LINE + 12 + LINE * number)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _limits(plot: Plot) -> tuple[int, int]:
    """Return the values at the bottom and at the top of a plot: from 0, or near the lowest of large numbers."""
    highs = [mark.high for mark in plot.marks if mark]
    lows = [mark.low for mark in plot.marks if mark]
    compared = [value for line in plot.references for value in line.values if value is not None]
    high, low = max([*highs, *compared], default=1), min([*lows, *compared], default=0)
    if high <= FROM_ZERO or low == high or low < high / 2:
        return 0, max(1, high)
    step = _round_up((high - low) / 2)
    return low // step * step - (step if low % step == 0 and low >= step else 0), high


def _round_up(value: float) -> int:
    """Return the next of 1, 2, 5, 10, 20, 50 and so on."""
    unit: int = 10 ** int(log10(max(1.0, value)))
    return next((unit * each for each in ROUND if unit * each >= value), unit * 10)


def _draw_plot(draw: ImageDraw.ImageDraw, plot: Plot, scale: _Scale, top: int) -> None:
    """Draw a plot: its title and what is now, its extremes, and the lines."""
    name, text = font(PLOT_TITLE_PX, bold=True), font(TEXT_PX)
    draw.text((MARGIN, top), plot.title, TEXT, name)
    room = WIDTH - 2 * MARGIN - round(name.getlength(plot.title)) - 24
    draw.text((WIDTH - MARGIN, top + PLOT_TITLE_PX), fitting(plot.now, room, text), TEXT, text, anchor="rs")
    draw.text((MARGIN, top + PLOT_TITLE_PX + 14), fitting(plot.extremes, WIDTH - 2 * MARGIN, text), FAINT, text)
    draw.rectangle((scale.left, scale.top, WIDTH - MARGIN, scale.bottom), CARD)
    for number, mark in enumerate(plot.marks):
        if mark:
            _draw_area(draw, scale, number, mark)
    for at, _ in _times(scale.chart):
        draw.line([(scale.x(at), scale.top), (scale.x(at), scale.bottom)], GRID, 2)
    for line in plot.references:
        _draw_reference(draw, line, scale)
    _draw_line(draw, plot, scale)
    for gap in plot.gaps:
        _hatch(
            draw, (scale.x(gap.since), scale.top, max(scale.x(gap.until), scale.x(gap.since) + 3), scale.bottom), gap
        )
    for value, anchor in ((scale.high, "rt"), (scale.low, "rb")):
        y = scale.y(value) + (-2 if anchor == "rt" else 4)
        draw.text((scale.left - LABEL_GAP, y), number_text(value), FAINT, text, anchor=anchor)


def _draw_area(draw: ImageDraw.ImageDraw, scale: _Scale, number: int, mark: Mark) -> None:
    """Draw what is below the line of a column, if the plot begins at 0: otherwise it would seem to be the whole."""
    left, right = scale.column(number)
    colour = COLOURS[mark.level]
    if scale.low == 0:
        draw.rectangle((left, scale.y(mark.low), right, scale.bottom), mixed(colour, CARD, SHADE))
    if mark.high > mark.low:
        draw.rectangle((left, scale.y(mark.high), right, scale.y(mark.low)), mixed(colour, CARD, SPREAD))


def _draw_line(draw: ImageDraw.ImageDraw, plot: Plot, scale: _Scale) -> None:
    """Draw the line of the worst values, with a step between columns that touch."""
    for number, (before, mark) in enumerate(pairwise((None, *plot.marks))):
        if mark is None:
            continue
        left, right = scale.column(number)
        y = _worst(plot, scale, mark)
        draw.rectangle((left, y - 2, max(right, left + 2), y + 2), COLOURS[mark.level])
        if before is not None and (earlier := _worst(plot, scale, before)) != y:
            worse = max(before.level, mark.level, key=LEVELS.index)
            draw.rectangle((left - 1, min(y, earlier) - 2, left + 1, max(y, earlier) + 2), COLOURS[worse])


def _worst(plot: Plot, scale: _Scale, mark: Mark) -> int:
    """Return where the worst value of a column is."""
    return scale.y(mark.high if plot.high_is_bad else mark.low)


def _draw_reference(draw: ImageDraw.ImageDraw, line: Reference, scale: _Scale) -> None:
    for number, value in enumerate(line.values):
        if value is None:
            continue
        (left, right), y = scale.column(number), scale.y(value)
        _draw_thin(draw, line, range(left, right + 1), y, scale.left)


def _draw_thin(draw: ImageDraw.ImageDraw, line: Reference, across: range, y: int, origin: int) -> None:
    """Draw a part of a line; its dashes are counted from ``origin``."""
    for x in across:
        if not line.dashed or (x - origin) % DASH < DASH_DRAWN:
            draw.rectangle((x, y - 1, x, y + 1), TEXT if line.dashed else FAINT)


def _hatch(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], gap: Gap) -> None:
    """Fill a box with lines: falling ones, and crossed ones if a process watched."""
    left, top, right, bottom = box
    draw.rectangle(box, BACKGROUND)
    height = bottom - top
    for start in range(left - height - left % HATCH, right + height, HATCH):
        for begun, ended in ((start, start + height), (start + height, start))[: 2 if gap.watched else 1]:
            _clipped(draw, (begun, top), (ended, bottom), left, right)
    draw.rectangle(box, None, UNREAD, 1)


def _clipped(draw: ImageDraw.ImageDraw, begin: tuple[int, int], end: tuple[int, int], left: int, right: int) -> None:
    """Draw the part of a line at 45 degrees that is between ``left`` and ``right``."""
    (x0, y0), (x1, y1) = sorted((begin, end))
    slope = 1 if y1 > y0 else -1
    start, stop = max(x0, left), min(x1, right)
    if start < stop:
        draw.line([(start, y0 + slope * (start - x0)), (stop, y0 + slope * (stop - x0))], UNREAD, 2)


def _times(chart: HistoryChart) -> Iterator[tuple[int, str]]:
    """Yield the times that the axis names, and their names."""
    length = chart.until - chart.since
    step = next((each for each in STEPS_S if length / each <= MAX_TIMES), STEPS_S[-1])
    for at in range(ceil(chart.since / step) * step, chart.until + 1, step):
        moment = datetime.fromtimestamp(at, UTC)
        yield at, moment.strftime("%b %-d" if step >= 24 * HOUR_S or not at % (24 * HOUR_S) else "%H:%M")


def _draw_times(draw: ImageDraw.ImageDraw, scale: _Scale) -> None:
    """Name the times below the last plot, as far as the names do not touch."""
    text, free = font(TEXT_PX), scale.left - 40
    for at, name in _times(scale.chart):
        half = round(text.getlength(name) / 2)
        x = min(scale.x(at), WIDTH - MARGIN - half)
        if x - half >= free:
            draw.text((x, scale.bottom + 14), name, FAINT, text, anchor="mt")
            free = x + half + 20


@dataclass(frozen=True, slots=True)
class _LegendLine:
    """What a sign of the picture means."""

    sign: Level | Gap | Reference | None
    """None: the line continues the text of the line before."""
    text: str


def _legend(chart: HistoryChart) -> Iterator[_LegendLine]:
    """Yield the meanings of the signs in the picture."""
    references = [line for plot in chart.plots for line in plot.references]
    for dashed in (False, True):
        if found := [line for line in references if line.dashed == dashed]:
            yield _LegendLine(found[0], ", ".join(dict.fromkeys(line.name for line in found)))
    if any(mark and mark.level == "warning" for plot in chart.plots for mark in plot.marks):
        yield _LegendLine("warning", "some are missing")
    for text in chart.foot:
        watched = not text.startswith("Not watched")
        yield _LegendLine(Gap(0, 1, watched=watched), text)


def _draw_legend(draw: ImageDraw.ImageDraw, line: _LegendLine, top: int) -> None:
    text, left, right = font(TEXT_PX), MARGIN, MARGIN + SIGN_WIDTH
    if isinstance(line.sign, Gap):
        _hatch(draw, (left, top + 4, right, top + 36), line.sign)
    elif isinstance(line.sign, Reference):
        _draw_thin(draw, line.sign, range(left, right), top + 20, left)
    elif line.sign is not None:
        draw.rectangle((left, top + 10, right, top + 32), mixed(COLOURS[line.sign], CARD, SHADE))
        draw.rectangle((left, top + 8, right, top + 12), COLOURS[line.sign])
    draw.text((right + 20, top), fitting(line.text, LEGEND_WIDTH, text), FAINT, text)


def _wrapped(line: _LegendLine) -> Iterator[_LegendLine]:
    """Yield the line in as many parts as it needs."""
    used, sign, part = font(TEXT_PX), line.sign, ""
    for word in line.text.split(" "):
        longer = f"{part} {word}" if part else word
        if part and used.getlength(longer) > LEGEND_WIDTH:
            yield _LegendLine(sign, part)
            sign, longer = None, word
        part = longer
    yield _LegendLine(sign, part)
