"""What the disk of a host tells whose engine does not run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoppedEngine:
    """Swarm state on a host whose engine was seen not to run.

    ``folder`` is where it lies. ``held_off``: it was moved there, out of the engine's way, so that the engine is in no
    swarm whenever it starts; else it lies where the engine has it, and a started engine takes itself for that member.
    ``node_id`` is whose state it is, ``address`` the IP address that this node advertised, "" where that is not known.
    """

    folder: str
    held_off: bool
    node_id: str
    address: str = ""
