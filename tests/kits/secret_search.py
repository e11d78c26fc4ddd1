"""Reads secrets from messages, and everything in which no secret may be stored."""

from __future__ import annotations

import base64
import re
import threading
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import Final

from bot.secrets.secret import Secret
from bot.store.client import connect
from sandbox.tour.secret_scan import redis_contents
from tests.kits.killed_workers import WORKERS
from tests.kits.scenario import Scenario

LINE = re.compile(r"docker swarm join --token (SWMTKN-1-\w+-\w+) (\S+:2377)")
_SAMPLE_INTERVAL_S: Final = 0.02
"""Programs that could have a secret in their arguments (docker, ssh) run longer than this."""
_NEW_SAMPLES: Final = 10
"""How often a process is read after it is first seen: it may be one that has not started its program yet."""
_OLD_SAMPLES: Final = 25
"""Afterwards one of this many samples reads it. To read all processes each time takes half a CPU."""


class Arguments(threading.Thread):
    """Samples the arguments of all processes of the machine until it is stopped."""

    def __init__(self) -> None:
        super().__init__(name="arguments", daemon=True)
        self.seen: set[bytes] = set()
        self._stopping = threading.Event()

    def run(self) -> None:
        """Read the arguments repeatedly."""
        samples: dict[str, int] = {}
        while not self._stopping.wait(_SAMPLE_INTERVAL_S):
            samples = {
                name: samples.get(name, 0) + 1
                for name in map(attrgetter("name"), Path("/proc").iterdir())
                if name.isdigit()
            }
            for process, count in samples.items():
                if count <= _NEW_SAMPLES or count % _OLD_SAMPLES == 0:
                    with suppress(OSError):  # it has ended
                        self.seen.add(Path("/proc", process, "cmdline").read_bytes())

    def stop(self) -> str:
        """Stop, and return all arguments."""
        self._stopping.set()
        self.join(10)
        return b"\n".join(self.seen).decode(errors="replace")


def shown(text: str) -> tuple[str, str]:
    """Return token and address of the join command in a message."""
    found = LINE.search(text)
    assert found, text
    return found[1], found[2]


def stored(scenario: Scenario) -> list[str]:
    """Return every key of Redis with its value."""
    with connect(Secret(scenario.deployment.redis_url)) as redis:
        return [*redis_contents(redis)]


def disk(scenario: Scenario) -> str:
    """Return everything that Redis wrote to its disk, including deleted values."""
    files = (path for path in (scenario.deployment.folder / "redis").rglob("*") if path.is_file())
    return "\n".join(path.read_bytes().decode(errors="replace") for path in files)


def channels(scenario: Scenario) -> str:
    """Return all messages of all channels with their revisions, and all typed commands."""
    found = [
        f"{message.text} {message.blocks} {message.revisions}"
        for channel in scenario.slack.team.channels
        for message in scenario.slack.messages(channel)
    ]
    public = (entry for entry in scenario.slack.transcript() if not entry.private or entry.kind == "typed")
    return "\n".join([*found, *(entry.text for entry in public if "bymistake" not in entry.text)])


def assert_nowhere(scenario: Scenario, *secrets: str, arguments: str = "", told: str = "") -> None:
    """Fail if a secret or its base64 is in Redis, its files, Slack, a log of the web process or of two workers.

    ``arguments`` are those of programs, as :class:`Arguments` found them; ``told`` is searched in place of everything
    that people in Slack saw and typed.
    """
    places = {
        "Redis": "\n".join(stored(scenario)) + disk(scenario),
        "Slack": told or scenario.slack.text(scenario.slack.transcript()) + channels(scenario),
        "a log": "".join(scenario.deployment.log(name) for name in ("web", *WORKERS)),
        "the arguments of a program": arguments,
    }
    for secret in secrets:
        for text in (secret, base64.b64encode(secret.encode()).decode()):
            for place, content in places.items():
                assert text not in content, f"{text} is in {place}"
