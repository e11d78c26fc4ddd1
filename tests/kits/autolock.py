"""Clusters whose managers lock themselves."""

from __future__ import annotations

from sandbox.fleet.host import Host
from tests.kits.scenario import Play


def restart(host: Host) -> None:
    """Stop and start an engine."""
    host.stop_docker()
    host.start_docker()


def key_of(play: Play, host: str = "host-1") -> str:
    """The unlock key as a manager's own engine has it; "" without autolock."""
    with play[host].engine() as engine:
        return str(engine.get_unlock_key()["UnlockKey"])


def autolocked(play: Play, *managers: str) -> str:
    """A cluster whose managers lock themselves, and its key."""
    play.change("cleo", f"init {managers[0]} --autolock")
    if managers[1:]:
        play.change("cleo", f"join manager {' '.join(managers[1:])}")
    return key_of(play)
