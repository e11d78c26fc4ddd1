"""Faults that tests can inject, each a number of times or until cleared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from sandbox.slack.base import CannotDo

Kind = Literal[
    "http_500",
    "rate_limited",
    "slow",
    "drop",
    "drop_after",
    "error",
    "refuse_block",
    "ephemeral_lost",
    "deliver_twice",
    "retry",
    "ack_lost",
    "stale_signature",
    "forged_signature",
    "no_signature",
    "text_timestamp",
]
"""Faults of the bot's calls (target: a method, ``response_url`` or ``upload_url``):

- ``http_500``
- ``rate_limited``: 429 with ``seconds`` in Retry-After
- ``slow``: the answer comes after ``seconds``
- ``drop``: the connection breaks before the call has an effect
- ``drop_after``: the connection breaks after the call took effect
- ``error``: the answer is the error ``code`` (not for URLs)
- ``refuse_block`` (target: a block type): the answer is invalid_blocks
- ``ephemeral_lost`` (target: a user): the message is accepted but never shown

Faults of deliveries to the bot (target: ``command``, ``block_actions``, ``view_submission`` or ``event``):

- ``deliver_twice``: the same request is sent twice
- ``retry``: the request is sent again with x-slack-retry-num
- ``ack_lost``: the bot acknowledged, but Slack shows a time-out
- ``stale_signature``, ``forged_signature``, ``no_signature``, ``text_timestamp``: the signature is not valid
"""

ANY: Final = "*"


@dataclass
class Fault:
    """One injected fault."""

    kind: Kind
    target: str = ANY
    times: int | None = None
    """How often it occurs; None means until cleared."""
    seconds: float = 1.0
    code: str = "internal_error"


@dataclass
class Faults:
    """The active faults."""

    active: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> Fault:
        """Activate a fault. Raise CannotDo if its kind is unknown."""
        if fault.kind not in get_args(Kind):
            raise CannotDo(f"unknown fault {fault.kind}; known faults: {', '.join(get_args(Kind))}")
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        self.active.clear()

    def take(self, kind: Kind, target: str) -> Fault | None:
        """Return the first fault of this kind for ``target`` and count it, or return None."""
        for fault in self.active:
            if fault.kind == kind and fault.target in {ANY, target}:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.active.remove(fault)
                return fault
        return None
