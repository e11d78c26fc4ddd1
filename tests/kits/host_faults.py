"""What is broken on a fleet's hosts and between them, and what Raft can make of the rest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

from sandbox.fleet import Fleet

Kind = Literal["power", "cable", "peers", "way", "ssh"]
Fault = tuple[Kind, str, str]
"""What befalls which host. ``peers``: cut off from the other hosts, not from the bot. ``ssh``: from the bot alone.
``route``: what the other host, which is named third, sends to its 2377/tcp."""
SWARM: Final = 2377
SSH: Final = 22


class Broken:
    """Faults of a fleet, struck and mended."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.faults: set[Fault] = set()

    def strike(self, fault: Fault) -> None:
        """Make it so."""
        kind, name, other = fault
        host = self._fleet[name]
        match kind:
            case "power":
                host.power_off()
            case "cable":
                host.cut_cable()
            case "peers":
                host.partition()
            case "ssh":
                host.block(SSH)
            case "way":
                host.block(SWARM, peer=self._fleet[other])
        self.faults.add(fault)

    def fix(self, fault: Fault) -> None:
        """Undo it."""
        kind, name, other = fault
        host = self._fleet[name]
        self.faults.discard(fault)
        match kind:
            case "power":
                host.power_on()
            case "cable":
                host.restore_cable()
            case "peers":
                host.heal()
            case "ssh":
                host.unblock(SSH)
            case "way":
                host.unblock(SWARM, peer=self._fleet[other])

    def allows(self, fault: Fault, managers: Collection[str], needed: int) -> bool:
        """Whether with it enough of the managers hear one of them that the bot can ask."""
        faults = {*self.faults, fault}
        return any(
            not _has(faults, one, "power", "cable", "ssh")
            and sum(_hear(faults, one, other) for other in managers) >= needed
            for one in managers
        )

    def asked(self, name: str) -> bool:
        """Whether the bot reaches a host."""
        return not _has(self.faults, name, "power", "cable", "ssh")


def _hear(faults: set[Fault], one: str, other: str) -> bool:
    """Whether two managers reach each other: each sends on a connection of its own."""
    if one == other:
        return not _has(faults, one, "power")
    cut_off = _has(faults, one, "power", "cable", "peers") or _has(faults, other, "power", "cable", "peers")
    return not cut_off and not {("way", one, other), ("way", other, one)} & faults


def _has(faults: set[Fault], name: str, *kinds: Kind) -> bool:
    return any((kind, name, "") in faults for kind in kinds)
