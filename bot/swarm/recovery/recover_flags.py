"""The order of a recovery as it was typed, so that a next step loses none of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RecoverFlags:
    """``gone`` and ``hold_off`` are names of hosts, or addresses of managers that swarmbot.yml does not have."""

    gone: tuple[str, ...] = ()
    hold_off: tuple[str, ...] = ()
    unlock: bool = False

    def words(self, host: str, *, gone: Iterable[str] = (), hold_off: Iterable[str] = (), unlock: bool = False) -> str:
        """The same order from ``host`` on, with what it lacks: "`/swarm recover host-1 --gone host-3 --unlock`"."""
        off = dict.fromkeys((*self.hold_off, *hold_off))
        away = dict.fromkeys((*self.gone, *gone))
        flags = [f"--hold-off {name}" for name in off if name != host]
        flags += [f"--gone {name}" for name in away if name != host and name not in off]
        flags += ["--unlock"] if self.unlock or unlock else []
        return f"`{' '.join(['/swarm recover', host, *flags])}`"
