"""``python -m bot.sandbox.slack`` serves the local Slack."""

import argparse
import sys

from bot.sandbox.slack.cli import add_arguments

parser = argparse.ArgumentParser(prog="python -m bot.sandbox.slack")
add_arguments(parser)
parsed = parser.parse_args()
sys.exit(parsed.act(parsed))
