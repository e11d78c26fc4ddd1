"""Commands in a simulated cluster, with faults of its machines while they are carried out."""

from __future__ import annotations

from typing import Final

from bot.queue.lease import LeaseLost
from tests.kits.orders import Bot, Ended
from tests.kits.simulated_cluster import Simulated

SIZE: Final = 7
MAX_READS: Final = 20
"""After this many reads the worker counts as killed in the middle of its plan."""
Fault = tuple[str, str, str, bool]
"""The kind of fault, the machine, for a route the other machine, and whether it is repaired: see Simulated.inject."""
Cut = tuple[int, Fault]
"""The number of the read of a command at which a fault happens."""


class Cutter:
    """Injects faults while a command is carried out: between its steps, and while it waits for one.

    Without ``thread`` a command may remove the failure tolerance.
    """

    def __init__(self, world: Simulated, *, gate: bool, thread: bool = True) -> None:
        self._world = world
        self._thread = thread
        self._bot = Bot(world, world.read, self._pause, self._pass, gate)
        self._cuts: list[Cut] = []
        self._reads = 0

    def order(self, words: str, cuts: list[Cut]) -> Ended:
        """Carry out the command. Raise QuorumLost or Weakened."""
        self._cuts, self._reads, self._world.forced = cuts, 0, "--force" in words or not self._thread
        return self._bot.order(words)

    def _pause(self, _: float) -> None:
        self._pass()
        if self._reads > MAX_READS:
            raise LeaseLost("k7f3")

    def _pass(self) -> None:
        for _, (what, host, other, on) in (cut for cut in self._cuts if cut[0] == self._reads):
            self._world.inject(what, host, other, on=on)
        self._reads += 1
        self._world.tick()
