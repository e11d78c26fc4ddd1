"""``python -m bot sandbox slack``: the local Slack as a process of its own."""

from __future__ import annotations

import argparse
import signal
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from sandbox.slack.local import LocalSlack

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(subparsers: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``slack``; ``args.act(args)`` returns the exit status."""
    parser = subparsers.add_parser("slack", help="run a local Slack for the bot")
    add_arguments(parser)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=3100, help="port, 0 for any free one (default: %(default)s)")
    parser.add_argument("--bot-url", default="http://127.0.0.1:3000/slack/events", help="URL of the bot (%(default)s)")
    parser.add_argument("--socket-mode", action="store_true", help="use Socket Mode: the bot connects to Slack")
    parser.set_defaults(act=run)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM; print the URL and the environment variables for the bot.

    Return the exit status: 1 if the port is in use.
    """
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    local = LocalSlack(bot_url=args.bot_url, socket_mode=args.socket_mode, host=args.host, port=args.port)
    stack = ExitStack()
    try:
        stack.enter_context(local)
    except OSError as error:
        sys.stderr.write(f"the local Slack cannot listen on {args.host}:{args.port}: {error.strerror}\n")
        return 1
    with stack:
        lines = [f"local Slack listens on {local.url}", *(f"{k}={v}" for k, v in local.environment().items())]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        signal.sigwait(signals)
    return 0
