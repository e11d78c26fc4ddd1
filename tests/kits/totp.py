"""A clock that tests turn, authenticators, and all that stands in a Redis."""

from __future__ import annotations

import pyotp
from redis import Redis

from bot.audit import Audit, Filter
from bot.secrets.secret import Secret
from bot.totp import Totp
from sandbox.tour.secret_scan import redis_contents

KEY = Secret("a key of the tests: thirty-two characters and more")
STEP = 30
ADA = "U0ADA"


class Clock:
    """Unix seconds, which pass when a test says so."""

    def __init__(self) -> None:
        self.at = 1_800_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.at


def code_of(seed: Secret, at: float) -> str:
    """What an authenticator shows at a time."""
    return pyotp.TOTP(seed.reveal()).at(at)


def wrong_code(seed: Secret, at: float) -> str:
    """Six digits that are no code of these minutes."""
    right = {code_of(seed, at + offset * STEP) for offset in range(-2, 3)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in right)


def enrolled(totp: Totp, clock: Clock, person: str = ADA) -> Secret:
    """Enrol a person, and return their seed; the present code is used up by that."""
    enrolment = totp.enrol(person)
    totp.confirm(person, enrolment.id, code_of(enrolment.seed, clock.at))
    return enrolment.seed


def actions(audit: Audit) -> list[str]:
    """What the log says was done, the oldest first."""
    return [entry.action for entry in reversed(audit.query(Filter(), count=100))]


def everything(client: Redis) -> str:
    """Every key of a Redis with all that is in it."""
    return "\n".join(redis_contents(client))
