"""`/swarm totp`: a second factor for approvals, and an administrator's way to take one away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from bot.commands import PERSON, EnrolTotp, Permission, ResetTotp, Word, choice, control
from bot.errors import NotUnderstood


@dataclass(frozen=True, slots=True)
class TotpArguments:
    """The words of ``totp``: none for one's own."""

    action: Annotated[str, Word(choice("reset"), "takes a person's second factor away")] = ""
    person: Annotated[str, Word(PERSON, "whose")] = ""


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
    """The gate carries it out."""
    if not arguments.action:
        return EnrolTotp()
    if not arguments.person:
        raise NotUnderstood("`totp reset` needs a person.", next_step="Write `/swarm totp reset @person`.")
    return ResetTotp(arguments.person)
