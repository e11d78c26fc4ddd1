"""``python -m bot sandbox …``: try or test the bot on one machine."""

from __future__ import annotations

import argparse

from sandbox import demo
from sandbox.fleet import cli as fleet
from sandbox.slack import cli as slack
from sandbox.tour import cli as by_hand


def add_parsers(parser: argparse.ArgumentParser) -> None:
    """Add ``demo``, ``say``, ``click``, ``fill``, ``show``, ``fleet`` and ``slack``."""
    parts = parser.add_subparsers(required=True, metavar="PART")
    demo.add_parser(parts)
    by_hand.add_parsers(parts)
    fleet.add_parser(parts)
    slack.add_parser(parts)
