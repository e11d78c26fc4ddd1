"""Orders in a simulated cluster, with what befalls its machines while they are carried out."""

from __future__ import annotations

from typing import Final

from bot.queue.lease import LeaseLost
from tests.kits.orders import Bot, Ended
from tests.kits.simulated_cluster import Simulated

SIZE: Final = 7
LONGEST: Final = 20
"""Looks after which the worker is taken for killed in the middle of its plan."""
Fault = tuple[str, str, str, bool]
"""What befalls which machine (``route``: to which other), and whether it is taken back: see Simulated.befall."""
Cut = tuple[int, Fault]
"""At which look of an order what happens."""


class Cutter:
    """Lets things befall the machines while an order is carried out: between its steps, and while one is waited for.

    Without ``thread`` it does not matter whether an order leaves the quorum hanging by one.
    """

    def __init__(self, world: Simulated, *, gate: bool, thread: bool = True) -> None:
        self._world = world
        self._thread = thread
        self._bot = Bot(world, world.read, self._pause, self._pass, gate)
        self._cuts: list[Cut] = []
        self._looks = 0

    def order(self, words: str, cuts: list[Cut]) -> Ended:
        """Do as the words say. Raises QuorumLost and Weakened."""
        self._cuts, self._looks, self._world.forced = cuts, 0, "--force" in words or not self._thread
        return self._bot.order(words)

    def _pause(self, _: float) -> None:
        self._pass()
        if self._looks > LONGEST:
            raise LeaseLost("k7f3")

    def _pass(self) -> None:
        for _, (what, host, other, on) in (cut for cut in self._cuts if cut[0] == self._looks):
            self._world.befall(what, host, other, on=on)
        self._looks += 1
        self._world.tick()
