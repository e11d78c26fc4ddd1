"""``python -m sandbox.fleet``: the fleet's command line without the rest of the bot."""

import sys

from sandbox.fleet.cli import main

if __name__ == "__main__":
    sys.exit(main(["fleet", *sys.argv[1:]]))
