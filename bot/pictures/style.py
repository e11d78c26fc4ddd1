"""What all pictures have in common: width, margin and colours, for a phone in dark mode."""

from __future__ import annotations

from typing import Final

from PIL import ImageColor

from bot.model.cluster_map import Colour

WIDTH: Final = 1080
"""About three pixels for each point of a phone's width."""
MARGIN: Final = 36

BACKGROUND: Final = "#1a1d21"
CARD: Final = "#2b2f36"
TEXT: Final = "#f2f3f5"
FAINT: Final = "#b6bcc6"
COLOURS: Final[dict[Colour, str]] = {"good": "#3fb97c", "idle": "#e8b93c", "bad": "#f2626b", "unknown": "#8a93a3"}
COLOURS["free"], COLOURS["warning"] = COLOURS["unknown"], COLOURS["idle"]
"""On CARD each has a contrast of at least 4 to 1; the state is in words and by a shape, too."""


def mixed(colour: str, ground: str, part: float) -> tuple[int, ...]:
    """Return two colours mixed, as red, green and blue; ``part`` is the share of ``colour``."""
    pairs = zip(ImageColor.getrgb(colour), ImageColor.getrgb(ground), strict=True)
    return tuple(round(one * part + other * (1 - part)) for one, other in pairs)
