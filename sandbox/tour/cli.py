"""``python -m bot sandbox say | click | fill | show``: use a running local Slack by hand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from pathlib import Path
from time import monotonic
from typing import Final

from bot.errors import Refused
from sandbox.fleet.slots import running
from sandbox.slack.remote import RemoteSlack
from sandbox.slack.transcript import TranscriptEntry
from sandbox.tour.answer import answer_in, is_complete
from sandbox.tour.screen import TranscriptPrinter
from sandbox.tour.terminal import TerminalStyle

DEFAULT_PORT: Final = 3100
URL_FILE: Final = "slack-url"
COMMAND: Final = "/swarm"
ANSWER_TIMEOUT_S: Final = 120.0
QUIET_PERIOD_S: Final = 0.5
"""An answer is complete if nothing changes for this long."""


def add_parsers(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``say``, ``click``, ``fill`` and ``show``."""
    say = subparsers.add_parser("say", help="type a command in a running local Slack and show the answer")
    say.add_argument("user", help="ada, ben (operators), cleo, dan (admins) or eve")
    say.add_argument("channel", help="prod, lab or random")
    say.add_argument("text", nargs="+", help='for example "/swarm status"')
    say.set_defaults(act=_say)
    click = subparsers.add_parser("click", help="press a button in a running local Slack")
    click.add_argument("user", help="the person who presses it")
    click.add_argument("button", help="its label: Share, Retry, Cancel, Hide")
    click.set_defaults(act=_click)
    fill = subparsers.add_parser("fill", help="submit the form that is open in a running local Slack")
    fill.add_argument("user", help="the person whose form it is")
    fill.add_argument("answers", nargs="*", metavar="LABEL=TEXT", help='for example "Reason=not today"')
    fill.set_defaults(act=_fill)
    show = subparsers.add_parser("show", help="show what everybody in the channels of a running local Slack sees")
    show.add_argument("--last", type=int, default=20, help="how many messages (default %(default)s)")
    show.set_defaults(act=_show)
    for parser in (say, click, fill, show):
        parser.add_argument("--slack", help=f"its URL (default: the running demo's, or port {DEFAULT_PORT})")


def note_url(folder: Path, url: str) -> None:
    """Keep the URL of a demo's local Slack in the demo's folder, where commands typed by hand find it."""
    (folder / URL_FILE).write_text(url)


def slack_url(named: str | None) -> str:
    """Return the URL that ``--slack`` names, or that of the only demo that runs."""
    if named:
        return named
    files = [found for held in running() if (found := held.state / URL_FILE).exists()]
    return files[0].read_text() if len(files) == 1 else f"http://127.0.0.1:{DEFAULT_PORT}"


def _say(args: argparse.Namespace) -> int:
    slack = RemoteSlack(slack_url(args.slack))
    command, _, text = " ".join(args.text).strip().partition(" ")
    if command != COMMAND:
        raise Refused(f"{command} is not a command of the bot.", next_step=f'Type "{COMMAND} status".')
    after = len(slack.transcript())
    url = slack.slash(args.user, args.channel, text)
    return _show_answer(slack, args.user, after, url)


def _click(args: argparse.Namespace) -> int:
    slack = RemoteSlack(slack_url(args.slack))
    person, entries = _id_of(slack, args.user), slack.transcript()
    marked = f"[{args.button}]"
    latest = {e.ts: e for e in entries if person in e.to}
    shown = [e for e in latest.values() if e.kind in {"posted", "edited"} and marked in e.text]
    if not shown:
        raise Refused(f"{args.user} sees no button {marked}.")
    newest = max(shown, key=lambda entry: entry.number)
    url = slack.click(args.user, newest.ts, args.button)
    return _show_answer(slack, args.user, len(entries), url, {newest.ts})


def _fill(args: argparse.Namespace) -> int:
    slack = RemoteSlack(slack_url(args.slack))
    answers = dict(answer.partition("=")[::2] for answer in args.answers)
    person, entries = _id_of(slack, args.user), slack.transcript()
    pressed = [entry.ts for entry in entries if entry.kind == "clicked" and entry.who == person]
    slack.submit(args.user, answers)
    return _show_answer(slack, args.user, len(entries), None, pressed[-1:])


def _show(args: argparse.Namespace) -> int:
    slack = RemoteSlack(slack_url(args.slack))
    _print(slack, newest_public(slack.transcript(), args.last))
    return 0


def _show_answer(slack: RemoteSlack, user: str, after: int, url: str | None, pressed: Collection[str] = ()) -> int:
    """Wait until the answer, which follows entry number ``after``, is complete; then print it."""
    person, seen, answer = _id_of(slack, user), after, list[TranscriptEntry]()
    changed_at = monotonic()
    deadline = changed_at + ANSWER_TIMEOUT_S
    while monotonic() < deadline:
        slack.wait(user, seen, QUIET_PERIOD_S)
        entries = slack.transcript(after)
        seen, before = after + len(entries), answer
        answer = answer_in(entries, person, url, pressed)
        if len(answer) > len(before):
            changed_at = monotonic()
        elif is_complete(answer) and monotonic() - changed_at >= QUIET_PERIOD_S:
            break
    _print(slack, answer)
    return 0


def _id_of(slack: RemoteSlack, user: str) -> str:
    """Return the id of a person by their name, ``ada`` or ``@ada``; any other text is an id."""
    return {name: key for key, name in slack.names().items()}.get(f"@{user.lstrip('@')}", user)


def _print(slack: RemoteSlack, entries: list[TranscriptEntry]) -> None:
    printer = TranscriptPrinter(slack.names(), TerminalStyle.of(sys.stdout), show_secrets=True)
    sys.stdout.write("".join(f"{line}\n" for line in [*printer.lines(entries), ""]))


def newest_public(entries: list[TranscriptEntry], count: int) -> list[TranscriptEntry]:
    """Return all states of the newest ``count`` messages that everybody sees, also of those that nobody asked for."""
    public = [entry for entry in entries if entry.kind in {"posted", "edited"} and not entry.private]
    newest = dict.fromkeys(entry.ts for entry in reversed(public))
    kept = set([*newest][:count])
    return [entry for entry in public if entry.ts in kept]
