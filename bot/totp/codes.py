"""Codes of six digits, a new one each 30 seconds. Pure but for the making of seeds."""

from __future__ import annotations

import io
import re
from typing import Final

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

from bot.secrets.secret import Secret

ISSUER: Final = "Swarmbot"
WINDOW: Final = 1
"""Steps before and after the present one whose codes are taken: clocks differ, and typing takes time."""
SCALE: Final = 6
"""Pixels of a module of the picture."""


def new_seed() -> Secret:
    """160 random bits in base32, as authenticators take them."""
    return Secret(pyotp.random_base32())


def uri(seed: Secret, person: str) -> Secret:
    """The ``otpauth://`` address that an authenticator reads from a picture."""
    return Secret(pyotp.TOTP(seed.reveal()).provisioning_uri(name=person, issuer_name=ISSUER))


def spelled(seed: Secret) -> Secret:
    """The seed for typing, in groups of four."""
    return Secret(" ".join(re.findall(".{1,4}", seed.reveal())))


def picture(address: Secret) -> bytes:
    """A QR code of ``address`` as PNG. It is as secret as the address."""
    out = io.BytesIO()
    segno.make_qr(address.reveal(), error="m").save(out, kind="png", scale=SCALE)
    return out.getvalue()


def cleaned(code: str) -> str:
    """The six digits of a code as typed, spaces taken out; "" when it is none."""
    digits = "".join(code.split())
    return digits if re.fullmatch("[0-9]{6}", digits) else ""


def step_of(seed: Secret, code: str, at: float) -> int | None:
    """The time-step (unix seconds // 30) whose code this is, of those that are taken at ``at``; None for none."""
    try:
        return pyotp.TOTP(seed.reveal()).verify_and_get_timecode(code, for_time=at, valid_window=WINDOW)
    except OTPVerificationError:
        return None
