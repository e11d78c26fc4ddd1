"""The picture of a cluster: everything is in it, it fits, and any name is drawn."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.model.cluster_map import ClusterMap, Colour, MapGroup, MapNode
from bot.pictures import fonts
from bot.pictures.cluster_picture import MAX_NODES, picture
from bot.pictures.fonts import fitting, font, largest
from bot.pictures.style import BACKGROUND, CARD, COLOURS, FAINT, TEXT, WIDTH
from tests.kits.examples import examples
from tests.kits.hostile_text import HOSTILE

LEADER = MapNode("host-1", "leader", "good", "ready", 3)


def cluster(*groups: MapGroup, blocked: tuple[str, ...] = ()) -> ClusterMap:
    """Return a map."""
    return ClusterMap("prod is healthy", "1 manager · 2 of 2 nodes ready", "good", groups, blocked, "Read today")


def image(shown: ClusterMap) -> Image.Image:
    """Return the picture as Slack would decode it."""
    found = Image.open(io.BytesIO(picture(shown)))
    assert found.format == "PNG"
    found.load()
    return found


def colours(shown: ClusterMap) -> set[str]:
    """Return the colours in the picture."""
    found = image(shown).convert("RGB").getcolors(1 << 24)
    assert found
    return {"#{:02x}{:02x}{:02x}".format(*pixel) for _, pixel in found if isinstance(pixel, tuple)}


@pytest.mark.parametrize("colour", ["good", "idle", "bad", "unknown", "free"])
def test_each_state_has_its_colour(colour: Colour) -> None:
    """A node of one state alone; the cluster itself is well."""
    shown = cluster(MapGroup("Managers", (MapNode("host-1", "manager", colour, "some state", 0),)))
    assert COLOURS[colour] in colours(shown)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_it_can_be_read() -> None:
    """Text has a contrast of 7 to 1, signs of 3 to 1 and more."""
    assert min(contrast(text, ground) for text in (TEXT, FAINT) for ground in (BACKGROUND, CARD)) >= 7
    assert min(contrast(colour, ground) for colour in COLOURS.values() for ground in (BACKGROUND, CARD)) >= 4


def test_more_nodes_make_it_longer_up_to_a_limit() -> None:
    """It is always as wide as a phone, and of too many nodes it counts the rest."""
    heights = []
    for count in (1, 2, 3, MAX_NODES, MAX_NODES + 1, 500):
        nodes = tuple(MapNode(f"worker-{number}", "worker", "good", "ready", 1) for number in range(count))
        found = image(cluster(MapGroup("Managers", (LEADER,)), MapGroup("Workers", nodes)))
        assert found.width == WIDTH
        heights.append(found.height)
    assert heights[0] == heights[1] < heights[2] < heights[3] <= heights[4] == heights[5] < 5000


def test_blocked_ways_are_drawn() -> None:
    """In the colour of what is bad."""
    assert COLOURS["bad"] not in colours(cluster(MapGroup("Managers", (LEADER,))))
    assert COLOURS["bad"] in colours(cluster(MapGroup("Managers", (LEADER,)), blocked=("host-1 and host-2",)))


def test_a_long_name_is_smaller_and_then_cut() -> None:
    """At its middle: names of one kind differ at their end."""
    sizes = (40, 28)
    assert largest("host-1", 300, sizes) == font(40, bold=True)
    small = largest("worker-in-rack-17", 300, sizes)
    assert small == font(28, bold=True)
    shown = fitting("worker-in-the-second-rack-17", 300, small, keep_end=4)
    assert shown.startswith("worker-in")
    assert shown.endswith(("…k-17", "..k-17"))
    assert small.getlength(shown) <= 300


def test_without_debians_fonts_it_is_drawn_with_pillows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Letters that it has not become question marks."""
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    font.cache_clear()
    try:
        assert fitting("zone Zürich…", 900, font(32)) == "zone Z?rich…"
        assert image(cluster(MapGroup("Managers", (LEADER,)))).width == WIDTH
    finally:
        font.cache_clear()


TEXTS = HOSTILE | st.sampled_from(["x" * 10_000, "", "\u202e" + "ab" * 50, "日本語", "🙂" * 30, "a\nb"])


@given(name=TEXTS, state=TEXTS)
@settings(max_examples=examples(40), deadline=None)
def test_every_text_is_drawn(name: str, state: str) -> None:
    """Nothing that an engine reports makes the drawing fail, and nothing is drawn outside."""
    nodes = (MapNode(name, "leader", "good", state, 3), MapNode(name, "worker", "bad", state))
    shown = ClusterMap(name, state, "bad", (MapGroup(name, nodes),), (state,), name)
    assert image(shown).width == WIDTH
