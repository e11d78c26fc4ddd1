"""Messages to the bot as commands: mentions in channels, and direct messages.

Slack delivers every message of a direct conversation, the bot's own and edits included. Everything except a person's
new message is ignored.
"""

from __future__ import annotations

import re
import time
from typing import Any, Final

from bot.slack.inbound.requests import MentionRequest, SlashRequest

NEW_MESSAGES: Final = frozenset({None, "file_share", "thread_broadcast"})
"""The subtypes of messages that somebody has just written."""
_MENTION: Final = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|[^<>]*)?>")
_AROUND: Final = " \t\n,:;"
"""The text between a mention and the command: "@swarmbot: status"."""


def mention_request(body: dict[str, Any]) -> MentionRequest | None:
    """Return the command of a well-formed event; None if the event is no message of a person to the bot."""
    event = body["event"]
    bot, home = _app_of(body)
    user, channel, ts = event.get("user"), event.get("channel"), event.get("ts")
    if not (_is_for_the_bot(event) and isinstance(user, str) and isinstance(channel, str) and ts) or user == bot:
        return None
    command = SlashRequest(
        text=command_text(event.get("text") or "", bot),
        user=user,
        channel=channel,
        response_url="",
        request_key=f"message:{channel}:{ts}",  # also if it arrives as two kinds of event
        trigger_id="",
        thread=event.get("thread_ts") or ts,
    )
    teams = {event.get(name) for name in ("team", "user_team", "source_team")} - {None, ""}
    return MentionRequest(command, float(body.get("event_time") or time.time()), bool(home and teams - home))


def command_text(text: str, bot: str) -> str:
    """Return what follows the mention of the bot, or else what is before it: "@swarmbot status" and "status @swarmbot".

    If ``bot`` is "", the first person who is mentioned counts as the bot.
    """
    found = next((each for each in _MENTION.finditer(text) if bot in {"", each["id"]}), None)
    if found is None:
        return text.strip(_AROUND)
    return text[found.end() :].strip(_AROUND) or text[: found.start()].strip(_AROUND)


def _is_for_the_bot(event: dict[str, Any]) -> bool:
    """Return whether an event is a person's new message that mentions the bot, or that was sent to it directly."""
    direct = event["type"] == "message" and event.get("channel_type") == "im"
    if not (direct or event["type"] == "app_mention"):
        return False
    return event.get("subtype") in NEW_MESSAGES and not event.get("bot_id") and not event.get("edited")


def _app_of(body: dict[str, Any]) -> tuple[str, set[str]]:
    """Return the bot's user id, and the workspace and the organisation where the app is installed; "" if unknown."""
    installed: dict[str, Any] = next(iter(body.get("authorizations") or []), {})
    bot = str(installed.get("user_id") or "") if installed.get("is_bot") else ""
    return bot, {str(installed[name]) for name in ("team_id", "enterprise_id") if installed.get(name)}
