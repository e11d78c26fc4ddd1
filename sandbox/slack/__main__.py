"""``python -m sandbox.slack``: serve the local Slack."""

import argparse
import sys

from sandbox.slack.cli import add_arguments

parser = argparse.ArgumentParser(prog="python -m sandbox.slack")
add_arguments(parser)
parsed = parser.parse_args()
sys.exit(parsed.act(parsed))
