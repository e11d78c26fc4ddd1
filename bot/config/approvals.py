"""Approval rules in swarmbot.yml: who may approve what, how many approvals it needs, when a request expires."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from bot.config.base import Model, wrong
from bot.text.durations import read_duration
from bot.text.suggest import did_you_mean, listed

SUBJECTS: Final[tuple[str, ...]] = (
    "promote",
    "demote",
    "join manager",
    "token manager",
    "rotate",
    "remove",
    "leave",
    "force-new-cluster",
    "update",
    "unlock",
    "unlock-key",
    "ca rotate",
    "recover",
    "backup",
    "restore",
    "trust",
    "deploy",
    "deploy file",
    "force",
    "scale",
    "update-service",
    "restart",
    "rollback",
    "resume",
    "run",
    "remove-service",
)
"""What a rule can be about, as written under ``approvals``; a test holds the subjects of all commands to this list."""

MIN_EXPIRY_S: Final = 1.0
MAX_EXPIRY_S: Final = 28 * 24 * 3600.0
"""A waiting job must expire before Redis drops it."""


def _approvers(value: object) -> object:
    if isinstance(value, str):
        raise wrong("must be a list of names; `everyone` cannot be an approver")
    return value


def _subject(text: str) -> str:
    if text in SUBJECTS:
        return text
    subjects = listed(f"`{subject}`" for subject in SUBJECTS)
    raise wrong(f"is not a subject of approval rules.{did_you_mean(text, SUBJECTS)} Subjects: {subjects}")


def _seconds(value: object) -> object:
    length = read_duration(value) if isinstance(value, str) else None
    if length is None or not MIN_EXPIRY_S <= length <= MAX_EXPIRY_S:
        raise wrong("must be a duration from `1s` to `4w`, like `30m`")
    return length


def _before_expiry(value: object) -> object:
    if value == "none":
        return 0.0
    length = read_duration(value) if isinstance(value, str) else None
    if length is None or not MIN_EXPIRY_S <= length <= MAX_EXPIRY_S:
        raise wrong("must be `none` or a duration from `1s` to `4w`, like `10m`")
    return length


def _factor(value: object) -> object:
    if value not in ("totp", "none"):
        raise wrong("must be `totp` or `none`")
    return value


def _count(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise wrong("must be a whole number, 0 or more, without quotes")
    return value


Subject = Annotated[str, AfterValidator(_subject)]
Approvers = Annotated[tuple[str, ...], BeforeValidator(_approvers), Field(min_length=1)]
Expiry = Annotated[float, BeforeValidator(_seconds)]
BeforeExpiry = Annotated[float, BeforeValidator(_before_expiry)]
Count = Annotated[int, BeforeValidator(_count)]
Factor = Annotated[Literal["totp", "none"], BeforeValidator(_factor)]


class ApprovalRule(Model):
    """The rule for one subject. A key that is None is not set here: the next level or the default applies."""

    by: Approvers | None = None
    """Who may approve: names from ``people``, or Slack ids."""
    count: Count | None = None
    """How many approvals are needed."""
    expires: Expiry | None = None
    """Seconds until a request expires."""
    remind: BeforeExpiry | None = None
    """Seconds before it expires when those who may approve are reminded; 0.0 for never."""
    second_factor: Factor | None = None
