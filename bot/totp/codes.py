"""Six-digit codes, a new one every 30 seconds. Pure, except for the random seeds."""

from __future__ import annotations

import io
import re
from typing import Final

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from bot.secrets.secret import Secret

ISSUER: Final = "Swarmbot"
ACCEPTED_STEPS: Final = 1
"""Time-steps before and after the current one whose codes are accepted: clocks differ, and typing takes time."""
MODULE_PX: Final = 6
"""The width of one square of the QR code."""


def new_seed() -> Secret:
    """Return 160 random bits in base32, the format of authenticator apps."""
    return Secret(pyotp.random_base32())


def uri(seed: Secret, person: str) -> Secret:
    """Return the ``otpauth://`` address that an authenticator app reads from a QR code."""
    return Secret(pyotp.TOTP(seed.reveal()).provisioning_uri(name=person, issuer_name=ISSUER))


def grouped(seed: Secret) -> Secret:
    """Return the seed in groups of four characters, for typing."""
    return Secret(" ".join(re.findall(".{1,4}", seed.reveal())))


def qr_code(address: Secret) -> bytes:
    """Return a QR code of ``address`` as PNG. It is as secret as the address."""
    out = io.BytesIO()
    segno.make_qr(address.reveal(), error="m").save(out, kind="png", scale=MODULE_PX)
    return out.getvalue()


def cleaned(code: str) -> str:
    """Return the six digits of a code as typed, without spaces; "" if it is not a code."""
    digits = "".join(code.split())
    return digits if re.fullmatch("[0-9]{6}", digits) else ""


def step_of(seed: Secret, code: str, at: float) -> int | None:
    """Return the time-step (unix seconds // 30) of this code, if it is accepted at ``at``; otherwise None."""
    try:
        return pyotp.TOTP(seed.reveal()).verify_and_get_timecode(code, for_time=at, valid_window=ACCEPTED_STEPS)
    except OTPVerificationError:
        return None
