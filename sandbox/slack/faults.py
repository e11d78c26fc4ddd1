"""What can be made to go wrong, each for a number of times or until cleared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from sandbox.slack.errors import CannotDo

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
"""On calls of the bot (target: a method, ``response_url`` or ``upload_url``): ``http_500``; ``rate_limited`` (429,
``seconds`` in Retry-After); ``slow`` (answers after ``seconds``); ``drop`` (the connection breaks, nothing done);
``drop_after`` (done, but the answer is lost); ``error`` (not for URLs; ``code`` as the error, such as internal_error);
``refuse_block`` (target: a block type, answered with invalid_blocks); ``ephemeral_lost`` (target: a user; taken and
never shown).

On deliveries to the bot (target: ``command``, ``block_actions``, ``view_submission``, ``event``): ``deliver_twice``
(the same request again after the ack); ``retry`` (again with x-slack-retry-num); ``ack_lost`` (the bot acknowledged,
Slack did not hear it and shows a time-out); a ``stale``, ``forged`` or missing signature; ``text_timestamp``.
"""

ANY: Final = "*"


@dataclass
class Fault:
    """One thing that goes wrong. ``times`` None means until cleared."""

    kind: Kind
    target: str = ANY
    times: int | None = None
    seconds: float = 1.0
    code: str = "internal_error"


@dataclass
class Faults:
    """The faults that are switched on."""

    active: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on. Raises CannotDo for a kind that there is not."""
        if fault.kind not in get_args(Kind):
            raise CannotDo(f"there is no fault {fault.kind}; there are {', '.join(get_args(Kind))}")
        self.active.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all of them off."""
        self.active.clear()

    def take(self, kind: Kind, target: str) -> Fault | None:
        """Return the first fault that meets ``target`` and count it, or None."""
        for fault in self.active:
            if fault.kind == kind and fault.target in {ANY, target}:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.active.remove(fault)
                return fault
        return None
