"""``python -m tests.browser.gallery``: every message of the plans' cases, in the page, a channel for each command.

The messages are those that tests/plans compare word for word; what a plan says is shown as the answer to ``--plan``, as
the card that asks for approval, and as the card of the running and of the ended job. ``--transcripts FOLDER`` adds what
the bot showed in tests that ran with the same option: messages, forms and Homes, in channels whose names begin with
"seen". With ``--pictures FOLDER`` each channel is saved as a picture, light and dark; ``--width 390``: as on a phone.
"""

from __future__ import annotations

import argparse
import sys
from itertools import groupby
from pathlib import Path
from typing import Final

from bot.slack.outbound.payload import payload
from sandbox.slack import LocalSlack
from tests.kits.browser import Windows, chromium, feed, missing
from tests.kits.commands import COMMANDS
from tests.kits.transcripts import FORMS, HOMES, UNASKED, read
from tests.plans.files import cases, described
from tests.plans.messages import messages

READER: Final = "U0CLEO"
PICTURE_WIDTH_PX: Final = 900
"""By default; a phone has 390."""
MAX_PICTURE_HEIGHT_PX: Final = 16_000
MOST_IN_A_CHANNEL: Final = 25
"""A channel shows at most this many messages of tests: a picture then shows all of it."""
NAMED: Final = frozenset({FORMS, HOMES, UNASKED, "menu"})


def main() -> int:
    """Serve the gallery until Ctrl-C, or save its pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="save a picture of each channel, and end")
    parser.add_argument("--transcripts", type=Path, metavar="FOLDER", help="also show what a run of tests kept there")
    parser.add_argument("--width", type=int, default=PICTURE_WIDTH_PX, help="width of the pictures in pixels")
    parser.add_argument("--port", type=int, default=0, help="port of the page (default: any)")
    args = parser.parse_args()
    if args.pictures and (reason := missing()):
        sys.stderr.write(f"{reason}\n")
        return 1
    with LocalSlack(rate_limits=False, port=args.port) as slack:
        shown = fill(slack) + (add_seen(slack, args.transcripts) if args.transcripts else 0)
        sys.stdout.write(f"{shown} messages: {slack.url}/?as=cleo\n")
        sys.stdout.flush()
        if args.pictures:
            _save(slack, args.pictures, args.width)
        else:
            sys.stdin.read()
    return 0


def fill(slack: LocalSlack) -> int:
    """Post the messages of all cases, each below the words that it answers; return how many."""
    count = 0
    for _, given, case in cases():
        words = str(case["words"])
        command = words.partition(" ")[0]
        channel = _channel(slack, command if command in COMMANDS else "not-understood")
        with slack.workspace.changed:
            slack.workspace.note("typed", READER, channel, f"/swarm {words}")
            for message in messages(described(given, case), words):
                sent = payload(message, plain=False)
                slack.workspace.post("U0SWARM", channel, sent["text"], sent.get("blocks"))
                count += 1
    return count


def add_seen(slack: LocalSlack, folder: Path) -> int:
    """Post what the bot showed in a run of tests; return how much that is."""
    found = read(folder)
    for of, group in groupby(found, key=lambda each: each.of):
        name = of if of in COMMANDS or of in NAMED else "other"
        for number, each in enumerate(group):
            channel = _channel(slack, f"seen-{name}-{number // MOST_IN_A_CHANNEL + 1}")
            with slack.workspace.changed:
                message = slack.workspace.post("U0SWARM", channel, each.text or "-")
                message.blocks = each.blocks  # unchecked: a form is no message, and its pictures are gone
    return len(found)


def _channel(slack: LocalSlack, name: str) -> str:
    channel_id = f"C0{name.upper().replace('-', '')}"
    with slack.workspace.changed:
        if channel_id not in slack.team.channels:
            slack.team.add_channel(channel_id, name, ["U0SWARM", READER])
    return channel_id


def _save(slack: LocalSlack, folder: Path, width: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for dark in (False, True):
            windows = Windows(browser, slack.url)
            page = windows.open("cleo", width=width, dark=dark)
            page.get_by_role("heading", level=1).filter(has_text="#").wait_for()
            for channel in [each for each in slack.team.channels.values() if len(each.members) == len((READER, "bot"))]:
                if (menu := page.get_by_role("button", name="Channels and people")).is_visible():
                    menu.click()  # a narrow window shows the channels over the messages
                page.get_by_role("navigation").get_by_role("button", name=channel.name, exact=True).click()
                page.mouse.move(0, 0)
                height = feed(page).evaluate("node => node.scrollHeight") + 200
                page.set_viewport_size({"width": width, "height": min(height, MAX_PICTURE_HEIGHT_PX)})
                page.screenshot(
                    path=folder / f"{channel.name}-{'dark' if dark else 'light'}.png", animations="disabled"
                )
                page.set_viewport_size({"width": width, "height": 800})
            windows.close()


if __name__ == "__main__":
    sys.exit(main())
