"""The form that takes a cluster's unlock key, and the flag that says that an order needs one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from bot.commands.command import Flag, SecretField
from bot.secrets.secret import TYPED_SECRET_TTL_S

UNLOCK: Final = Flag(None, "if autolock is on: a form asks you for the unlock key")


def unlock_key_form(needed: Callable[[Any], bool]) -> SecretField:
    """The form, for the orders of which ``needed`` says so."""
    hint = (
        "It begins with SWMKEY-1-. It is used once; until then it lies encrypted, "
        f"for {TYPED_SECRET_TTL_S // 60} minutes at most."
    )
    return SecretField("Unlock key", hint=hint, begins="SWMKEY-1-", needed=needed)
