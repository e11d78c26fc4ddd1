"""Slack's mrkdwn: escaping, names, mentions, times, and cutting to a length."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

MAX_WORD_CHARS: Final = 200
"""How far back a cut looks for the end of a word."""


def escape(text: str) -> str:
    """Return ``text`` so that Slack shows it as it is, and not as a mention, link or broadcast."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_line(text: str) -> str:
    """Return another program's output escaped and on one line: error messages are mrkdwn and may contain it."""
    return escape(" ".join(text.split()))


def tick(name: str) -> str:
    """Return a name in backticks, escaped; backticks and line ends in it are removed."""
    return f"`{escape(' '.join(name.replace('`', '').split())) or '?'}`"


def user(user_id: str) -> str:
    """Return the mention of a person (``U…``) or of a user group (``S…``)."""
    return f"<!subteam^{escape(user_id)}>" if user_id.startswith("S") else f"<@{escape(user_id)}>"


def channel(channel_id: str) -> str:
    """Return the link to a channel (``C…``)."""
    return f"<#{escape(channel_id)}>"


def when(unix_seconds: float) -> str:
    """Return a time that Slack shows in each reader's time zone, as "today at 16:40"."""
    plain = datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(unix_seconds)}^{{date_short_pretty}} at {{time}}|{plain}>"


def cut(text: str, limit: int) -> str:
    """Return ``text``, or its beginning and the number of characters left out, in at most ``limit`` characters."""
    if len(text) <= limit:
        return text
    room = limit - len(f" … ({len(text)} characters left out)")
    if room <= 0:
        return text[: limit - 1] + "…"
    space = max(text.rfind("\n", room - MAX_WORD_CHARS, room), text.rfind(" ", room - MAX_WORD_CHARS, room))
    end = space if space > 0 else room
    return f"{text[:end]} … ({len(text) - end} characters left out)"


def cut_short(text: str, limit: int) -> str:
    """Return ``text``, or its beginning and "…", for labels that have no room for a number."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
