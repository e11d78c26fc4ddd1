"""The second factor: time-based one-time codes (RFC 6238), their seeds at rest, and how a person gets one."""

from bot.totp.pictures import Pictures
from bot.totp.seeds import Seeds
from bot.totp.showing import Showing
from bot.totp.totp import Enrolment, Totp

__all__ = ["Enrolment", "Pictures", "Seeds", "Showing", "Totp"]
