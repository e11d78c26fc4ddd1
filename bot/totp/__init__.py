"""The second factor: time-based one-time codes (RFC 6238), their encrypted seeds, and how a person gets one."""

from bot.totp.enrolment_message import EnrolmentMessage, QrCodeCleanup
from bot.totp.totp import Enrolment, SeedVault, Totp

__all__ = ["Enrolment", "EnrolmentMessage", "QrCodeCleanup", "SeedVault", "Totp"]
