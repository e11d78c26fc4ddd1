"""A check of the doctor, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal

from bot.doctor.resources import Resources
from bot.errors import SwarmbotError
from bot.text.mrkdwn import visible

Sign = Literal["✓", "!", "✗"]
OK: Final = "✓"
WARNING: Final = "!"
PROBLEM: Final = "✗"

Proof = Literal["swarmbot.yml", "SLACK_BOT_TOKEN", "Slack", "Redis"]
"""What later checks depend on."""


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """One line of the doctor's report."""

    sign: Sign
    """``✗``: a problem, so that the exit status is 1; ``!``: a warning; ``✓``: ok."""
    what: str
    next_step: str = ""

    def __str__(self) -> str:
        lines = f"{self.sign} {self.what} {self.next_step}".rstrip().splitlines()
        return "\n  ".join(map(visible, lines))


def ok(what: str) -> DoctorFinding:
    """Return a finding that needs no action."""
    return DoctorFinding(OK, what)


def warning(what: str, next_step: str) -> DoctorFinding:
    """Return a finding about something that works now and may fail later."""
    return DoctorFinding(WARNING, what, next_step)


def problem(what: str, next_step: str) -> DoctorFinding:
    """Return a finding about something that does not work."""
    return DoctorFinding(PROBLEM, what, next_step)


def from_error(error: SwarmbotError) -> DoctorFinding:
    """Return an error as a finding."""
    return problem(f"{error.happened} {error.true_now}".rstrip(), error.next_step)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that the doctor checks."""

    about: str
    """The subject, for the line that says that the check was skipped."""
    examine: Callable[[Resources], Iterable[DoctorFinding]]
    """The check itself; a :class:`~bot.errors.SwarmbotError` that it raises becomes a finding."""
    needs: tuple[Proof, ...] = ()
    """The check is skipped if the check that ``proves`` one of these found a problem."""
    proves: Proof | None = None
