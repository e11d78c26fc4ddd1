"""Where secrets are shown, and all the places where none may rest."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Final

from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.tour.secret_scan import redis_contents
from tests.kits.scenario import Play

LINE = re.compile(r"docker swarm join --token (SWMTKN-1-\w+-\w+) (\S+:2377)")
_PAUSE: Final = 0.02
"""Seconds between two looks: a program that takes a secret by its arguments (docker, ssh) lives longer."""


class Arguments(threading.Thread):
    """Reads the arguments of every process of the machine, over and over, until it is stopped."""

    def __init__(self) -> None:
        super().__init__(name="arguments", daemon=True)
        self.seen: set[bytes] = set()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Sample."""
        while not self._stopping.wait(_PAUSE):
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    self.seen.add(process.read_bytes())
                except OSError:  # it has ended
                    continue

    def stop(self) -> str:
        """Stop, and return all that was seen."""
        self._stopping.set()
        self.join(10)
        return b"\n".join(self.seen).decode(errors="replace")


def shown(text: str) -> tuple[str, str]:
    """The token and the address of the line in a message."""
    found = LINE.search(text)
    assert found, text
    return found[1], found[2]


def stored(play: Play) -> list[str]:
    """Every key of Redis with all that is in it."""
    with connect(Secret(play.stage.redis_url)) as redis:
        return [*redis_contents(redis)]


def disk(play: Play) -> str:
    """What Redis wrote to its disk: also what was in it only for a moment."""
    files = (path for path in (play.stage.folder / "redis").rglob("*") if path.is_file())
    return "\n".join(path.read_bytes().decode(errors="replace") for path in files)


def channels(play: Play) -> str:
    """All messages of all channels, with what stood there before each edit, and what people typed there."""
    found = [
        f"{message.text} {message.blocks} {message.revisions}"
        for channel in play.slack.team.channels
        for message in play.slack.messages(channel)
    ]
    public = (entry for entry in play.slack.transcript() if not entry.private or entry.kind == "typed")
    return "\n".join([*found, *(entry.text for entry in public if "bymistake" not in entry.text)])
