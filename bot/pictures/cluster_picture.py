"""Draws a cluster: managers and zones as rows of cards, one for each node."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final

from PIL import Image, ImageColor, ImageDraw

from bot.model.cluster_map import ClusterMap, Colour, MapGroup, MapNode
from bot.pictures.fonts import fitting, font, largest
from bot.pictures.style import BACKGROUND, CARD, COLOURS, FAINT, MARGIN, TEXT, WIDTH, mixed

GAP: Final = 20
CARD_HEIGHT: Final = 150
MAX_IN_TWO_COLUMNS: Final = 12
"""Groups of more nodes have three columns."""
MAX_NODES: Final = 60
"""If a cluster has more nodes, only their number is drawn: nobody could read the picture."""
NAME_SIZES_PX: Final = (40, 36, 32, 28)
TEXT_PX: Final = 32
TITLE_PX: Final = 56
LINE: Final = 46
PALETTE_COLOURS: Final = 256
MIN_DISTANCE: Final = 8
"""The least difference between a shade and the colour of a state. With less, one would be drawn as the other."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A part of the picture, and how high it is."""

    height: int
    title: str = ""
    line: str = ""
    colour: Colour = "unknown"
    nodes: tuple[MapNode, ...] = ()
    columns: int = 1


def picture(cluster: ClusterMap) -> bytes:
    """Return the picture as PNG.

    Each row is drawn by itself and then reduced to the palette: the whole picture in true colour takes 17 MB, and a PNG
    of it twice the time.
    """
    head = MARGIN + TITLE_PX + 20 + LINE * len(_wrapped(cluster.headline)) + GAP
    rows, palette = [*_rows(cluster)], _palette()
    image = Image.new("P", (WIDTH, head + sum(row.height for row in rows) + MARGIN))
    image.putpalette(palette.getpalette() or ())
    _paint(image, palette, 0, head, partial(_head, cluster=cluster))
    top = head
    for row in rows:
        _paint(image, palette, top, row.height, partial(_draw_row, row=row))
        top += row.height
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _paint(
    image: Image.Image, palette: Image.Image, top: int, height: int, draw: Callable[[ImageDraw.ImageDraw], None]
) -> None:
    """Draw a part of the picture, from ``top`` on."""
    part = Image.new("RGB", (WIDTH, height), BACKGROUND)
    draw(ImageDraw.Draw(part))
    image.paste(part.quantize(palette=palette, dither=Image.Dither.NONE), (0, top))


@cache
def _palette() -> Image.Image:
    """Return an image with the palette: the background first, the other colours, and shades between text and ground."""
    colours = [*dict.fromkeys(map(ImageColor.getrgb, (BACKGROUND, CARD, TEXT, FAINT, *COLOURS.values())))]
    grounds = [(TEXT, BACKGROUND), (TEXT, CARD), (FAINT, BACKGROUND), (FAINT, CARD)]
    grounds += [(BACKGROUND, COLOURS[each]) for each in ("warning", "unknown")]
    steps = (PALETTE_COLOURS - len(colours)) // len(grounds)
    shades = [mixed(text, ground, (step + 1) / (steps + 1)) for text, ground in grounds for step in range(steps)]
    distinct = [shade for shade in shades if not any(math.dist(shade, colour) < MIN_DISTANCE for colour in colours)]
    image = Image.new("P", (1, 1))
    image.putpalette([value for colour in (*colours, *distinct) for value in colour])
    return image


def _rows(cluster: ClusterMap) -> Sequence[_Row]:
    left, rows = MAX_NODES, []
    for group in cluster.groups:
        rows.append(_Row(LINE + 34, title=f"{group.title} · {len(group.nodes)}"))
        shown = group.nodes[:left]
        columns = _columns(group)
        starts = range(0, len(shown), columns)
        rows += [_Row(CARD_HEIGHT + GAP, nodes=shown[at : at + columns], columns=columns) for at in starts]
        if len(group.nodes) > len(shown):
            rows.append(_Row(LINE + GAP, line=f"and {len(group.nodes) - len(shown)} more"))
        left = max(0, left - len(shown))
    if cluster.blocked:
        rows.append(_Row(LINE + 34, title="Blocked"))
        rows += [_Row(LINE + 8, line=line, colour="bad") for line in cluster.blocked]
    if cluster.foot:
        rows += [_Row(GAP), _Row(LINE, line=cluster.foot)]
    return rows


def _columns(group: MapGroup) -> int:
    return 2 if len(group.nodes) <= MAX_IN_TWO_COLUMNS else 3


def _head(draw: ImageDraw.ImageDraw, cluster: ClusterMap) -> None:
    title = font(TITLE_PX, bold=True)
    _sign(draw, (MARGIN + 24, MARGIN + 34), 24, cluster.colour)
    draw.text((MARGIN + 68, MARGIN), fitting(cluster.title, WIDTH - 2 * MARGIN - 68, title), TEXT, title)
    top = MARGIN + TITLE_PX + 20
    for line in _wrapped(cluster.headline):
        draw.text((MARGIN, top), line, FAINT, font(TEXT_PX))
        top += LINE


def _wrapped(text: str) -> list[str]:
    """Return the text in at most four lines, cut between its parts."""
    used, lines, line = font(TEXT_PX), [], ""
    for part in text.split(" · "):
        longer = f"{line} · {part}" if line else part
        if line and used.getlength(longer) > WIDTH - 2 * MARGIN:
            lines.append(line)
            longer = part
        line = longer
    return [fitting(each, WIDTH - 2 * MARGIN, used) for each in [*lines, line][:4] if each]


def _draw_row(draw: ImageDraw.ImageDraw, row: _Row) -> None:
    if row.title:
        used = font(TEXT_PX, bold=True)
        draw.text((MARGIN, 24), fitting(row.title, WIDTH - 2 * MARGIN, used), FAINT, used)
    if row.line:
        indent = 0
        if row.colour == "bad":
            _sign(draw, (MARGIN + 18, 22), 16, row.colour)
            indent = 50
        used = font(TEXT_PX)
        shown = fitting(row.line, WIDTH - 2 * MARGIN - indent, used)
        draw.text((MARGIN + indent, 4), shown, TEXT if indent else FAINT, used)
    width = (WIDTH - 2 * MARGIN - GAP * (row.columns - 1)) // row.columns
    for number, node in enumerate(row.nodes):
        _card(draw, node, MARGIN + number * (width + GAP), width)


def _card(draw: ImageDraw.ImageDraw, node: MapNode, left: int, width: int) -> None:
    """Draw a node: its name, role and state, and its tasks."""
    colour = COLOURS[node.colour]
    outline = colour if node.role in {"leader", "manager"} else None
    draw.rounded_rectangle((left, 0, left + width, CARD_HEIGHT), 18, CARD, outline, 4)
    draw.rounded_rectangle((left, 0, left + 14, CARD_HEIGHT), 7, colour)
    inside, room, text = left + 36, width - 36 - 76, font(TEXT_PX)
    name = largest(node.name, room, NAME_SIZES_PX)
    # Names of one kind often differ at their end, but not those with a domain.
    shown = fitting(node.name, room, name, keep_end=0 if "." in node.name else 4)
    draw.text((inside, 42), shown, TEXT, name, anchor="lm")
    _sign(draw, (left + width - 42, 42), 22, node.colour)
    if node.role == "leader":
        _star(draw, (left + width - 42, 106), 24)
    line = " · ".join(part for part in (node.tasks_text, node.state_text) if part)
    line_room = width - 56 - 40 * (node.role == "leader")
    used = text if text.getlength(line) <= line_room else font(TEXT_PX - 4)
    draw.text((inside, 84), fitting(line, line_room, used), FAINT, used)


def _sign(draw: ImageDraw.ImageDraw, centre: tuple[int, int], radius: int, colour: Colour) -> None:
    """Draw a state as a shape: a check mark, two bars, a cross, a ring, an exclamation or a question mark."""
    (x, y), paint = centre, COLOURS[colour]
    around = (x - radius, y - radius, x + radius, y + radius)
    if colour == "free":
        draw.ellipse(around, None, paint, 4)
        return
    draw.ellipse(around, paint)
    half, thick = radius * 0.45, max(4, radius // 4)
    if colour == "good":
        points = [(x - half, y), (x - half * 0.2, y + half * 0.8), (x + half, y - half * 0.7)]
        draw.line(points, BACKGROUND, thick, joint="curve")
    elif colour == "bad":
        draw.line([(x - half, y - half), (x + half, y + half)], BACKGROUND, thick)
        draw.line([(x - half, y + half), (x + half, y - half)], BACKGROUND, thick)
    elif colour == "idle":
        for offset in (-half * 0.6, half * 0.6):
            draw.line([(x + offset, y - half), (x + offset, y + half)], BACKGROUND, thick)
    else:
        mark = "!" if colour == "warning" else "?"
        draw.text((x, y), mark, BACKGROUND, font(int(radius * 1.4), bold=True), anchor="mm")


def _star(draw: ImageDraw.ImageDraw, centre: tuple[int, int], radius: int) -> None:
    """Draw the leader's star."""
    x, y = centre
    points = [
        (
            x + math.sin(number * math.pi / 5) * radius * (1 if number % 2 == 0 else 0.42),
            y - math.cos(number * math.pi / 5) * radius * (1 if number % 2 == 0 else 0.42),
        )
        for number in range(10)
    ]
    draw.polygon(points, COLOURS["idle"])
