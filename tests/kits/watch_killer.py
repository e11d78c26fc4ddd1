"""Kills watch processes at random moments, and starts them again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from threading import Event
from time import monotonic
from typing import Final

from tests.kits.watch_scenario import WatchScenario

DEAD: Final = (0, 150)
"""How many commands of Redis pass while a process is dead: all processes give it some dozens a second."""
ALIVE: Final = (25, 250)
"""How many pass until the next one is killed."""


class WatchKiller:
    """Every process that it kills runs again when a method returns."""

    def __init__(self, scenario: WatchScenario, watchers: Sequence[str], chance: Random) -> None:
        self._scenario = scenario
        self._watchers = watchers
        self._chance = chance
        self.kills = 0

    def kill_one(self) -> None:
        """Kill a process, whichever leads, and start it again."""
        name = self._chance.choice(self._watchers)
        self._scenario.deployment.kill(name)
        self.kills += 1
        self._scenario.redis_commands(self._chance.randint(*DEAD))
        self._scenario.deployment.start(name)

    def kill_until(self, holds: Callable[[], bool]) -> None:
        """Kill processes until ``holds()``."""
        while not holds():
            self.kill_one()
            self._scenario.redis_commands(self._chance.randint(*ALIVE))

    def kill_at_random(self, kills: int, seconds: float, ended: Event) -> None:
        """Kill this many processes at random times within this many seconds. Stop once ``ended`` is set."""
        began = monotonic()
        for at in sorted(self._chance.uniform(0.0, seconds) for _ in range(kills)):
            if ended.wait(max(0.0, began + at - monotonic())):
                return
            self.kill_one()
