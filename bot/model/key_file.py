"""What the key file of a manager is like, which holds its TLS key and the key of its Raft log."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class KeyFile:
    """``locked``: encrypted with the cluster's unlock key (autolock); ``text`` is the whole of it then, else nothing.

    ``opened``: it was, and Swarmbot has opened it so that its engine can be forced. ``open``: it never was, or autolock
    was switched off. What lies open stays on its host.
    """

    standing: Literal["open", "locked", "opened"]
    text: bytes = field(default=b"", repr=False)

    @property
    def autolocked(self) -> bool:
        """Whether autolock was on in its cluster."""
        return self.standing != "open"

    @property
    def locked(self) -> bool:
        """Whether it takes the unlock key now."""
        return self.standing == "locked"
