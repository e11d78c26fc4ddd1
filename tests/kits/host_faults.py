"""Faults of a fleet's hosts and of the routes between them, and whether Raft keeps its quorum."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal

from sandbox.fleet import Fleet

Kind = Literal["power", "cable", "peers", "swarm_port", "ssh"]
Fault = tuple[Kind, str, str]
"""Kind, host and, for ``swarm_port``, the other host.

``peers`` partitions the host from the other hosts, ``ssh`` blocks only the bot, ``swarm_port`` blocks what the other
host sends to the host's 2377/tcp."""
SWARM_PORT: Final = 2377
SSH_PORT: Final = 22


class HostFaults:
    """The active faults of a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.faults: set[Fault] = set()

    def inject(self, fault: Fault) -> None:
        """Inject a fault."""
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
                host.block(SSH_PORT)
            case "swarm_port":
                host.block(SWARM_PORT, peer=self._fleet[other])
        self.faults.add(fault)

    def fix(self, fault: Fault) -> None:
        """Undo a fault."""
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
                host.unblock(SSH_PORT)
            case "swarm_port":
                host.unblock(SWARM_PORT, peer=self._fleet[other])

    def allows(self, fault: Fault, managers: Collection[str], needed: int) -> bool:
        """Return whether, with this fault, ``needed`` managers reach a manager that the bot reaches."""
        faults = {*self.faults, fault}
        return any(
            not _has(faults, one, "power", "cable", "ssh")
            and sum(_hear(faults, one, other) for other in managers) >= needed
            for one in managers
        )

    def bot_reaches(self, name: str) -> bool:
        """Return whether the bot reaches a host."""
        return not _has(self.faults, name, "power", "cable", "ssh")


def _hear(faults: set[Fault], one: str, other: str) -> bool:
    """Return whether two managers reach each other; each direction has its own connection."""
    if one == other:
        return not _has(faults, one, "power")
    cut_off = _has(faults, one, "power", "cable", "peers") or _has(faults, other, "power", "cable", "peers")
    return not cut_off and not {("swarm_port", one, other), ("swarm_port", other, one)} & faults


def _has(faults: set[Fault], name: str, *kinds: Kind) -> bool:
    return any((kind, name, "") in faults for kind in kinds)
