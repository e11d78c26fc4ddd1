"""Mask the secrets that programs and people write into free text: headers, options of clients, "the password is". Pure.

Which words are secrets cannot be known for certain: the messages with such text must say so (:data:`MAY_MISS`).
"""

from __future__ import annotations

import re
from typing import Final

from bot.secrets.secret import MASK

MAY_MISS: Final = "Swarmbot masks what looks like a secret; it may miss some."
"""What a message with masked text says about it."""
_WORD: Final = r"""(?:\\*"[^"]*+"?|\\*'[^']*+'?|[^\s"',;&|)}\]\\]++)"""
_NAMES: Final = (
    r"(?:passwor[dt]|passwd|passphrase|passcode|pwd|secret|token|credentials?"
    r"|(?:api|access|private|secret|unlock|auth)[ _-]?key)"
)
_ORDINARY: Final = (
    r"(?:a|absent|accepted|already|also|always|an|as|at|available|bad|being|blank|by|changed|correct|created|denied|different|empty"
    r"|encrypted|expired|for|found|from|generated|given|here|in|incorrect|invalid|issued|it|longer|malformed|mandatory|masked|missing"
    r"|mounted|needed|never|no|none|not|now|null|of|ok|on|only|present|read|ready|rejected|removed|required|revoked|rotated|same|sent"
    r"|set|short|shorter|still|stored|that|the|this|to|too|undefined|unknown|unset|used|valid|weak|wrong|your)(?![^\s.,;:!?)\"'])"
)
"""What messages say of a password without naming it."""
CLIENTS: Final = r"(?:mysql|mariadb|mongo|percona|xtrabackup|mydumper|sshpass|docker login|podman login)"
"""Programs whose option ``-p`` takes a password."""
_CLIENT_CHARS: Final = 300
"""How far after the name of a program its option is searched for."""
_OPTIONS: Final = rf"[^\n|;&]{{0,{_CLIENT_CHARS}}}?(?<![\w-])"
"""The options between the name of a program and the one with its password."""
_PATTERNS: Final = (
    re.compile(
        r"(?P<kept>\bauthorization\\*[\"']?\s{0,8}[:=]\s{0,8}(?:\\*b?[\[\"'])?)"
        r"(?:(?:digest|aws4-hmac-sha256|hawk|signature|oauth)\b[^\r\n]*+|(?:[a-z][\w-]{0,30}[ \t]+)?[^\s\"'\\,;\]]+)",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<kept>\bcookie\s{0,8}:\s{0,8})[^\r\n\"']++", re.IGNORECASE),
    re.compile(rf"(?P<kept>\b{CLIENTS}\w*+{_OPTIONS}-p[ \t]*+)(?!-|ort\b|lugin|rotocol){_WORD}"),
    re.compile(rf"(?P<kept>\bredis-cli\b{_OPTIONS}-a[ \t]++){_WORD}"),
    re.compile(rf"(?P<kept>\bcurl\b{_OPTIONS}(?:-u|--user)[ \t=]*+[\"']?[^\s:\"']{{1,64}}:){_WORD}"),
    re.compile(
        rf"(?P<kept>{_NAMES}(?:[ \t]is[ \t]generated)?"
        r"(?:[ \t](?:for|of)(?:[ \t][^\s:=]{1,64}){1,3}?[ \t]?(?:[:=]|[ \t](?:is|was)\b[ \t]?[:=]?)"
        rf"|[ \t]{{1,8}}(?:is|was)\b[ \t]?[:=]?)[ \t]{{0,8}})(?!{_ORDINARY}){_WORD}",
        re.IGNORECASE,
    ),
)
"""Each match keeps the words that announce the secret. Its time grows with the length of the text, not with its
square."""


def masked_phrases(text: str) -> str:
    """Return the text with ``***`` for the words that its own words call a secret."""
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\g<kept>{MASK}", text)
    return text
