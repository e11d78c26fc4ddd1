"""``python -m bot sandbox …``: what is needed to try the bot, or to test it, on one machine."""

from __future__ import annotations

import argparse

from bot.sandbox.fleet import cli as fleet
from bot.sandbox.slack import cli as slack


def add_parsers(parser: argparse.ArgumentParser) -> None:
    """Add ``fleet`` and ``slack``."""
    parts = parser.add_subparsers(required=True, metavar="PART")
    fleet.add_parser(parts)
    slack.add_parser(parts)
