"""`/swarm freeze` and `/swarm thaw`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.commands import FUTURE, Flag, FreezeCluster, NoArguments, ThawCluster, control, text


@dataclass(frozen=True, slots=True)
class FreezeArguments:
    """The arguments of ``freeze``."""

    until: Annotated[
        str, Flag(FUTURE, "when the freeze ends: `18:00` (UTC), `2026-12-24T08:00`, or after `4h`", suggested="4h")
    ]
    reason: Annotated[str, Flag(text("TEXT"), "why; shown to everyone whose change needs approval")]


@control(
    "freeze",
    has_form=True,
    group="Approvals",
    help="Start a change freeze: every change needs one more approval",
    example='freeze --until 18:00 --reason "sale of the year"',
    permission="administer",
    risk="reversible",
    approval=0,
)
def freeze(arguments: FreezeArguments) -> FreezeCluster:
    """Return the order; the gate, which has a clock, executes it."""
    return FreezeCluster(arguments.until, arguments.reason)


@control(
    "thaw",
    group="Approvals",
    help="End a change freeze",
    example="thaw",
    permission="administer",
    risk="reversible",
    approval=0,
)
def thaw(_: NoArguments) -> ThawCluster:
    """Return the order; the gate executes it."""
    return ThawCluster()
