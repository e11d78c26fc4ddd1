"""Slack's mrkdwn: escaping, names, people, moments, and cutting to a length."""

from __future__ import annotations

from datetime import UTC, datetime

WORD = 200


def escape(text: str) -> str:
    """Return ``text`` so that Slack shows it as it is: no mention, link or broadcast can be made of it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def as_said(text: str) -> str:
    """Return the words of another program in one line, escaped: errors hold them, and what errors say is mrkdwn."""
    return escape(" ".join(text.split()))


def tick(name: str) -> str:
    """Return a name in backticks, escaped; backticks and line ends inside it are dropped."""
    return f"`{escape(' '.join(name.replace('`', '').split())) or '?'}`"


def user(user_id: str) -> str:
    """Return the mention of a person (``U…``) or of a user group (``S…``)."""
    return f"<!subteam^{escape(user_id)}>" if user_id.startswith("S") else f"<@{escape(user_id)}>"


def channel(channel_id: str) -> str:
    """Return the link to a channel (``C…``)."""
    return f"<#{escape(channel_id)}>"


def when(unix_seconds: float) -> str:
    """Return a moment that Slack shows in each reader's own time zone, as "today at 16:40"."""
    plain = datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(unix_seconds)}^{{date_short_pretty}} {{time}}|{plain}>"


def cut(text: str, limit: int) -> str:
    """Return ``text``, or its beginning and how many characters are left out, in at most ``limit`` characters."""
    if len(text) <= limit:
        return text
    room = limit - len(f" … ({len(text)} characters left out)")
    if room <= 0:
        return text[: limit - 1] + "…"
    space = max(text.rfind("\n", room - WORD, room), text.rfind(" ", room - WORD, room))
    end = space if space > 0 else room
    return f"{text[:end]} … ({len(text) - end} characters left out)"


def cut_short(text: str, limit: int) -> str:
    """Return ``text``, or its beginning and "…", for labels where a number of characters would say nothing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
