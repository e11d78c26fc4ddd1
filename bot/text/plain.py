"""Slack's mrkdwn of Swarmbot's own messages as plain text, for readers that are not Slack. Pure."""

from __future__ import annotations

import re
from typing import Final

_LINK: Final = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_MARKS: Final = re.compile(r"[`*]")


def as_plain(mrkdwn: str) -> str:
    """Return the text without marks; a time or link is its own text, a mention the id."""
    text = _MARKS.sub("", _LINK.sub(lambda found: found[2] or found[1].lstrip("!#"), mrkdwn))
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
