"""`/swarm totp`: a second factor for approvals; an administrator can reset another person's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.commands import PERSON, EnrolTotp, Permission, ResetTotp, Word, choice, control
from bot.errors import NotUnderstood


@dataclass(frozen=True, slots=True)
class TotpArguments:
    """The arguments of ``totp``; none to set up one's own."""

    action: Annotated[str, Word(choice("reset"), "remove a person's second factor")] = ""
    person: Annotated[str, Word(PERSON, "the person")] = ""


def _permission(arguments: TotpArguments) -> Permission:
    return "administer" if arguments.action else "view"


@control(
    "totp",
    group="Approvals",
    help="Set up your second factor for approvals; `reset` removes another person's",
    example="totp",
    permission=_permission,
    risk="secret",
    approval=0,
)
def totp(arguments: TotpArguments) -> EnrolTotp | ResetTotp:
    """Return the order; the gate executes it."""
    if not arguments.action:
        return EnrolTotp()
    if not arguments.person:
        raise NotUnderstood("`totp reset` needs a person.", next_step="Type `/swarm totp reset @PERSON`.")
    return ResetTotp(arguments.person)
