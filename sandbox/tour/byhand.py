"""``python -m bot sandbox say | click | fill``: type, press and fill in forms by hand in a local Slack that runs."""

from __future__ import annotations

import argparse
import sys
from time import monotonic
from typing import Final

from bot.errors import Refused
from sandbox.slack.transcript import Seen
from sandbox.tour.ink import Ink
from sandbox.tour.remote import RemoteSlack
from sandbox.tour.screen import Screen

DEFAULT_PORT: Final = 3100
COMMAND: Final = "/swarm"
PATIENCE: Final = 120.0
QUIET: Final = 0.5
"""Seconds without a word after which an answer counts as whole."""
ANSWERS: Final = frozenset({"posted", "edited", "deleted", "modal", "modal closed", "error"})
UNDER_WAY: Final = ("On it: ", "[Cancel]")
"""What stands in a message that another one, or another state of it, will follow."""


def add_parsers(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``say`` and ``click``."""
    say = subparsers.add_parser("say", help="type in a local Slack that runs, and see the answer")
    say.add_argument("user", help="who: ada, ben (operators), cleo, dan (admins), eve")
    say.add_argument("channel", help="where: prod, lab, random")
    say.add_argument("text", nargs="+", help='what: "/swarm status"')
    say.set_defaults(act=_say)
    click = subparsers.add_parser("click", help="press a button in a local Slack that runs")
    click.add_argument("user", help="who")
    click.add_argument("button", help="what stands on it: Share, Retry, Cancel, Hide")
    click.set_defaults(act=_click)
    fill = subparsers.add_parser("fill", help="fill in the form that is open in a local Slack that runs, and send it")
    fill.add_argument("user", help="who")
    fill.add_argument("answers", nargs="*", metavar="LABEL=TEXT", help='what: "Why not?=not today"')
    fill.set_defaults(act=_fill)
    for parser in (say, click, fill):
        parser.add_argument("--slack", default=f"http://127.0.0.1:{DEFAULT_PORT}", help="its address (%(default)s)")


def _say(args: argparse.Namespace) -> int:
    slack = RemoteSlack(args.slack)
    command, _, text = " ".join(args.text).strip().partition(" ")
    if command != COMMAND:
        raise Refused(f"{command} is not the bot's command.", next_step=f'Write "{COMMAND} status".')
    after = len(slack.transcript())
    slack.slash(args.user, args.channel, text)
    return _show(slack, args.user, after)


def _click(args: argparse.Namespace) -> int:
    slack = RemoteSlack(args.slack)
    names = slack.names()
    entries = slack.transcript()
    marked = f"[{args.button}]"
    latest = {e.ts: e for e in entries if args.user.lstrip("@") in {names.get(to, to).lstrip("@") for to in e.to}}
    shown = [e for e in latest.values() if e.kind in {"posted", "edited"} and marked in e.text]
    if not shown:
        raise Refused(f"{args.user} sees no button {marked}.")
    newest = max(shown, key=lambda entry: entry.number)
    slack.click(args.user, newest.ts, args.button)
    return _show(slack, args.user, len(entries))


def _fill(args: argparse.Namespace) -> int:
    slack = RemoteSlack(args.slack)
    answers = dict(answer.partition("=")[::2] for answer in args.answers)
    after = len(slack.transcript())
    slack.submit(args.user, answers)
    return _show(slack, args.user, after)


def _show(slack: RemoteSlack, user: str, after: int) -> int:
    """Wait until nothing is under way any more, then print all that followed entry number ``after``."""
    deadline = monotonic() + PATIENCE
    seen = after
    while monotonic() < deadline:
        moved = slack.wait(user, seen, QUIET)
        entries = slack.transcript(after)
        seen = after + len(entries)
        if not moved and _whole(entries):
            break
    screen = Screen(slack.names(), Ink.of(sys.stdout), whole=True)
    lines = list(screen.lines(slack.transcript(after)))
    sys.stdout.write("".join(f"{line}\n" for line in [*lines, ""]))
    return 0


def _whole(entries: list[Seen]) -> bool:
    """Whether an answer stands there and none of its parts is under way."""
    last = {entry.ts: entry for entry in entries if entry.kind in ANSWERS}
    return (
        bool(last)
        and not list(last.values())[-1].text.startswith(UNDER_WAY[0])
        and not any(UNDER_WAY[1] in entry.text for entry in last.values())
    )
