"""The faults of a host's network, as data. They persist when the host is off, as firewall rules do."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Direction = Literal["in", "out"]
Protocol = Literal["tcp", "udp"]


class Block(BaseModel):
    """A blocked port: packets are dropped, not rejected."""

    model_config = ConfigDict(frozen=True)

    port: int
    protocol: Protocol
    direction: Direction
    """``in``: packets to this port of the host; ``out``: packets from the host to this port of others."""
    peer: str = ""
    """The address of the only affected peer; empty for all."""

    def rule(self) -> str:
        """Return the iptables line."""
        chain, wire = _HOOKS[self.direction]
        peer = f" {'-s' if self.direction == 'in' else '-d'} {self.peer}" if self.peer else ""
        return f"-A {chain} {wire} -p {self.protocol} --dport {self.port}{peer} -j DROP"


class Faults(BaseModel):
    """All network faults of a host; empty for a working network."""

    model_config = ConfigDict(frozen=True)

    cut: bool = False
    partitioned: frozenset[Direction] = frozenset()
    blocks: frozenset[Block] = frozenset()
    addresses: frozenset[str] = frozenset()
    """Further addresses of the host. They are not faults, but are removed with the faults."""

    def words(self) -> str:
        """Return a short description of the faults; empty if there are none."""
        parts = ["cable cut"] if self.cut else []
        parts += [f"partitioned {direction}" for direction in sorted(self.partitioned)]
        for block in self.blocks:
            peer = f" {block.peer}" if block.peer else ""
            parts.append(f"{block.port}/{block.protocol} {block.direction}{peer} blocked")
        return ", ".join(parts)

    def rules(self, subnet: str, gateway: str) -> str:
        """Return the mangle table for iptables-restore.

        The mangle table is used because nothing else writes to it, and because it sees forwarded packets and published
        ports as the peers do. The bot connects from the gateway, so a partition accepts its packets.
        """
        lines = ["*mangle", ":PREROUTING ACCEPT", ":POSTROUTING ACCEPT"]
        lines += sorted(block.rule() for block in self.blocks)
        for direction in sorted(self.partitioned):
            chain, wire = _HOOKS[direction]
            match = "-s" if direction == "in" else "-d"
            lines.append(f"-A {chain} {wire} {match} {gateway} -j ACCEPT")
            lines.append(f"-A {chain} {wire} {match} {subnet} -j DROP")
        return "\n".join([*lines, "COMMIT", ""])


_HOOKS: dict[Direction, tuple[str, str]] = {"in": ("PREROUTING", "-i eth0"), "out": ("POSTROUTING", "-o eth0")}
