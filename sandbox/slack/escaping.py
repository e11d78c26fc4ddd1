"""Escapes typed text as Slack does for apps with escaping switched on."""

from __future__ import annotations

import re
from typing import Final

from sandbox.slack.team import Team

_WORD: Final = re.compile(
    r"(?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<url>https?://[^\s<>|]+)"
    r"|(?P<host>(?<![\w@./=:-])[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:example|com|net|org|io|dev|de|eu)(?![\w.-]))"
    r"|@(?P<user>[\w.-]+)"
    r"|#(?P<channel>[\w-]+)",
    re.IGNORECASE,
)


def escape(team: Team, text: str) -> str:
    """Return ``text`` with people, groups, channels, URLs, host names and mail addresses in angle brackets.

    IP addresses (192.0.2.1) and names without a known top-level domain (host-3.lan) do not change.
    """
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _WORD.sub(lambda match: _bracketed(team, match), plain)


def _bracketed(team: Team, match: re.Match[str]) -> str:
    words = match.group()
    match match.lastgroup:
        case "email":
            return f"<mailto:{words}|{words}>"
        case "url":
            return f"<{words}>"
        case "host":
            return f"<http://{words}|{words}>"
        case "user":
            return _mention(team, match["user"]) or words
    for channel in team.channels.values():
        if channel.name == match["channel"]:
            return f"<#{channel.id}|{'' if channel.is_private else channel.name}>"
    return words


def _mention(team: Team, name: str) -> str:
    for user in team.users.values():
        if user.name == name:
            return f"<@{user.id}|{name}>"
    for group in team.groups.values():
        if group.handle == name:
            return f"<!subteam^{group.id}|@{name}>"
    return ""
