"""What a check found, and what a check is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from bot.doctor.resources import Resources
from bot.errors import SwarmbotError

Sign = Literal["✓", "!", "✗"]
WELL: Final = "✓"
LOOK_HERE: Final = "!"
WRONG: Final = "✗"

Proof = Literal["swarmbot.yml", "SLACK_BOT_TOKEN", "Slack", "Redis"]
"""What later checks rest on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``✗`` is wrong and fails the doctor, ``!`` deserves a look, ``✓`` is well. ``next_step`` says what to do."""

    sign: Sign
    what: str
    next_step: str = ""

    def __str__(self) -> str:
        lines = f"{self.sign} {self.what} {self.next_step}".rstrip().splitlines()
        return "\n  ".join(lines)


def well(what: str) -> Finding:
    """Nothing to do."""
    return Finding(WELL, what)


def look_here(what: str, next_step: str) -> Finding:
    """It works, and will be missed one day."""
    return Finding(LOOK_HERE, what, next_step)


def wrong(what: str, next_step: str) -> Finding:
    """It does not work."""
    return Finding(WRONG, what, next_step)


def from_error(error: SwarmbotError) -> Finding:
    """An error as a finding, in its own words."""
    return wrong(f"{error.happened} {error.true_now}".rstrip(), error.next_step)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the doctor looks at.

    ``about`` is what it looks at, for the line that says that it could not. ``examine`` may raise
    :class:`~bot.errors.SwarmbotError`, which becomes a finding. A check runs when all that it ``needs`` was found well
    by the check that ``proves`` it.
    """

    about: str
    examine: Callable[[Resources], Iterable[Finding]]
    needs: tuple[Proof, ...] = ()
    proves: Proof | None = None
