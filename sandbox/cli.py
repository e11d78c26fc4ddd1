"""``python -m bot sandbox …``: what is needed to try the bot, or to test it, on one machine."""

from __future__ import annotations

import argparse

from sandbox import demo
from sandbox.fleet import cli as fleet
from sandbox.slack import cli as slack
from sandbox.tour import byhand


def add_parsers(parser: argparse.ArgumentParser) -> None:
    """Add ``demo``, ``say``, ``click``, ``fleet`` and ``slack``."""
    parts = parser.add_subparsers(required=True, metavar="PART")
    demo.add_parser(parts)
    byhand.add_parsers(parts)
    fleet.add_parser(parts)
    slack.add_parser(parts)
