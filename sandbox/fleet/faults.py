"""What is wrong with a host's network, as data: it outlives a power cut, as a firewall's rules would."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Direction = Literal["in", "out"]
Protocol = Literal["tcp", "udp"]


class Block(BaseModel):
    """One port closed by dropping: ``in`` is what arrives for it, ``out`` what the host sends to it elsewhere."""

    model_config = ConfigDict(frozen=True)

    port: int
    protocol: Protocol
    direction: Direction
    peer: str = ""
    """Address of the one peer that it concerns; empty: everybody."""

    def rule(self) -> str:
        """Return the iptables line."""
        chain, wire = _HOOKS[self.direction]
        peer = f" {'-s' if self.direction == 'in' else '-d'} {self.peer}" if self.peer else ""
        return f"-A {chain} {wire} -p {self.protocol} --dport {self.port}{peer} -j DROP"


class Faults(BaseModel):
    """All of a host's faults; the empty one is a sound network."""

    model_config = ConfigDict(frozen=True)

    cut: bool = False
    partitioned: frozenset[Direction] = frozenset()
    blocks: frozenset[Block] = frozenset()
    addresses: frozenset[str] = frozenset()
    """Further addresses on the host's card: no fault, yet undone with the faults."""

    def words(self) -> str:
        """Return the faults in a few words; empty if there is none."""
        parts = ["cable cut"] if self.cut else []
        parts += [f"partitioned {direction}" for direction in sorted(self.partitioned)]
        for block in self.blocks:
            peer = f" {block.peer}" if block.peer else ""
            parts.append(f"{block.port}/{block.protocol} {block.direction}{peer} blocked")
        return ", ".join(parts)

    def rules(self, subnet: str, gateway: str) -> str:
        """Return the whole mangle table for iptables-restore.

        In mangle because nobody else writes there, and because it sees forwarded packets and published ports as
        the peers do. The gateway is where the bot comes from: a partition leaves it through.
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
