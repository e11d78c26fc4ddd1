"""Mask what looks like a secret before text is logged or stored: the last line of defence.

Secrets are passed as :class:`bot.secrets.secret.Secret`; this masks those that a person typed or an engine put into a
message.
"""

from __future__ import annotations

import logging
import re
from typing import Any, Final

from bot.secrets.secret import MASK

_PEM_TEXT: Final = r"[\w+/=\s:,.\\-]"
_PATTERNS: Final = (
    re.compile(r"SWM(?:TKN|KEY)-[\w+/=-]*", re.IGNORECASE),
    re.compile(r"(?:xox[a-z]|xapp)-[\w-]+", re.IGNORECASE),
    re.compile(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?:[^\"]*?-----END [A-Z0-9 ]*PRIVATE KEY-----|" + _PEM_TEXT + "*)"
    ),
    re.compile(r"(?<=://)[^\s/@\"\\]*:[^\s/@\"\\]+(?=@)"),
)


def redact(text: str) -> str:
    """Mask join tokens, unlock keys, Slack tokens, PEM private keys and passwords in URLs. JSON stays valid."""
    for pattern in _PATTERNS:
        text = pattern.sub(MASK, text)
    return text


class RedactingRecord(logging.LogRecord):
    """A log record whose message, traceback and stack are masked before a handler sees them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info:
            self.exc_text = redact(logging.Formatter().formatException(self.exc_info))
        if self.stack_info:
            self.stack_info = redact(self.stack_info)

    def getMessage(self) -> str:  # noqa: N802 - overrides the standard library's name
        """Return the masked message with its arguments."""
        return redact(super().getMessage())


def install() -> None:
    """Mask the records of all loggers of this process."""
    logging.setLogRecordFactory(RedactingRecord)
