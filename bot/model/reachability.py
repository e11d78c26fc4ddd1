"""Ways between hosts: who sends to which port of whom, and whether it gets there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.model.probing import Transport

ApprovalState = Literal["open", "passed", "blocked", "not looked at"]


@dataclass(frozen=True, slots=True)
class Route:
    """From ``source`` to ``port`` of ``target``, which it sends to at ``address``; names as in swarmbot.yml."""

    source: str
    target: str
    address: str
    port: int
    transport: Transport

    @property
    def name(self) -> str:
        """The port as people write it: ``7946/udp``."""
        return f"{self.port}/{self.transport}"


@dataclass(frozen=True, slots=True)
class ProbedRoute:
    """What was seen of a way.

    ``open``: somebody answered. ``passed``: what was sent came to the target's kernel (for TCP: and nobody listens).
    ``blocked``: it did not come; which machine on the way stops it cannot be seen. ``refused``: the connection was, by
    the target or by something before it. ``why`` says how a connection ended, or why the way was not looked at.
    """

    route: Route
    standing: ApprovalState
    why: str = ""
    refused: bool = False

    @property
    def blocked(self) -> bool:
        """Whether it is seen that nothing gets through."""
        return self.standing == "blocked"

    @property
    def through(self) -> bool:
        """Whether it is seen that what is sent gets there."""
        return self.standing in {"open", "passed"}
