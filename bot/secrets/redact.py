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
_MAX_PEM_CHARS: Final = 16_384
"""The most characters of a private key that has an end marker. If it is longer or cut off, all text that can be part of
a key is masked."""
_PEM: Final = (
    rf"-----BEGIN [A-Z0-9 ]{{0,40}}PRIVATE KEY-----"
    rf"(?:[^\"]{{0,{_MAX_PEM_CHARS}}}?-----END [A-Z0-9 ]{{0,40}}PRIVATE KEY-----|{_PEM_TEXT}*)"
)
_FORMS: Final = tuple(
    (hint, re.compile(pattern))
    for hint, pattern in (
        ("swm", r"(?i)SWM(?:TKN|KEY)-[\w+/=-]*"),
        ("xox", r"(?i)xox[a-z]-[\w-]+"),
        ("xapp-", r"(?i)xapp-[\w-]+"),
        ("-----begin", _PEM),
        ("://", r"(?<=://)[^\s/@:\"\\]*+:[^\s/@\"\\]++(?=@)"),
        ("akia", r"\bAKIA[0-9A-Z]{16}\b"),
        ("asia", r"\bASIA[0-9A-Z]{16}\b"),
        ("gh", r"\bgh[pousr]_\w{20,}"),
        ("github_pat_", r"\bgithub_pat_\w{20,}"),
        ("glpat-", r"\bglpat-[\w-]{20,}"),
        ("k_", r"\b[sr]k_(?:live|test)_\w{10,}"),
        ("aiza", r"(?<![\w-])AIza[\w-]{30,}"),
        ("sg.", r"(?<![\w-])SG\.[\w-]{16,}+\.[\w-]{16,}"),
        ("eyj", r"(?<![\w-])eyJ[\w-]{6,}+\.[\w-]{6,}+(?:\.[\w-]*+)*"),
        ("$", r"\${1,2}(?:2[abxy]?|apr1|1|5|6|y|7|argon2\w{0,2}|pbkdf2[\w-]{0,20}|scrypt)\${1,2}[\w./$=,+-]{6,}"),
        ("hooks.slack", r"(?P<kept>\bhooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/)[\w/-]+"),
        ("discord", r"(?P<kept>\bdiscord(?:app)?\.com/api/(?:v\d+/)?webhooks/)[\w/-]+"),
        ("webhook.office", r"(?P<kept>\bwebhook\.office\.com/webhookb2/)[\w/@-]+"),
        ("api.telegram", r"(?P<kept>\bapi\.telegram\.org/bot)[\w:-]+"),
        ("bearer", r"(?i)(?P<kept>\bbearer[ \t]+)(?=[\w.~+/-]*\d|[\w.~+/-]{20})[\w.~+/=-]+"),
    )
)
"""Secrets that can be recognised by their form: tokens of Docker, Slack, AWS, GitHub, GitLab, Stripe, Google, SendGrid,
JWTs, private keys, passwords in URLs, hashes of passwords, webhooks. The start of some is kept: it is not a secret.

Each has a part that every text with it contains, in lower case: searching for that is far quicker than matching.
Everything stored or logged is masked, so this is a large part of the work for each request."""


def redact(text: str) -> str:
    """Mask what is a secret by its form (:data:`_FORMS`). JSON stays valid."""
    folded = text.casefold()
    for hint, pattern in _FORMS:
        if hint in folded:
            text = pattern.sub(_masked, text)
    return text


def _masked(found: re.Match[str]) -> str:
    return found.groupdict().get("kept", "") + MASK


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
