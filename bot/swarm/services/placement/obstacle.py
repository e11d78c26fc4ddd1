"""What keeps a node from taking a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Filter = Literal[
    "available", "resources", "plugins", "constraints", "platform", "host ports", "max replicas", "cluster volumes"
]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a node does not accept a task."""

    filter: Filter
    text: str
    """The obstacle, to be appended to the node's name: "0.4 CPU short"."""
    fix: str = ""
    """The command about the node that removes it, to type after ``/swarm``; "" if there is none."""
    spec_fix: str = ""
    """The flags of ``/swarm update SERVICE`` that remove it: the task then asks for less. "" if there are none."""
    known: bool = True
    """Whether it was seen. If not, ``text`` says what is not known, and the node may take the task."""
    holder: str = ""
    """The service that has what the task needs; "" if there is none."""
    overwrites: str = ""
    """The label (``zone=b``) that ``fix`` replaces, which other services may need; "" if it replaces none."""
