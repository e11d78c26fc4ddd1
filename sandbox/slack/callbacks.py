"""The response_urls and trigger ids that Slack issues with each interaction."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from sandbox.slack.base import Clock, SlackError

MAX_RESPONSE_URL_USES: Final = 5
RESPONSE_URL_LIFETIME_S: Final = 30 * 60
TRIGGER_LIFETIME_S: Final = 3


@dataclass
class ResponseUrl:
    """A URL to which the bot may post answers to one interaction."""

    user: str
    channel: str
    message_ts: str
    """The message with the pressed button; empty for a command."""
    created_at: float
    uses: int = 0


@dataclass
class Trigger:
    """An id with which the bot may open one modal for one person."""

    user: str
    created_at: float
    used: bool = False


@dataclass
class Callbacks:
    """All response_urls, by the last part of their path, and trigger ids."""

    clock: Clock
    urls: dict[str, ResponseUrl] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)

    def new_url(self, user: str, channel: str, message_ts: str = "") -> str:
        """Create a response_url; return the last part of its path."""
        key = secrets.token_hex(12)
        self.urls[key] = ResponseUrl(user, channel, message_ts, self.clock.now())
        return key

    def use_url(self, key: str) -> ResponseUrl:
        """Count one use and return the URL.

        Raise SlackError: ``invalid_url`` (unknown), ``expired_url`` (after 30 minutes), ``used_url`` (after five uses).
        """
        url = self.urls.get(key)
        if url is None:
            raise SlackError("invalid_url")
        if self.clock.now() - url.created_at > RESPONSE_URL_LIFETIME_S:
            raise SlackError("expired_url")
        if url.uses >= MAX_RESPONSE_URL_USES:
            raise SlackError("used_url")
        url.uses += 1
        return url

    def new_trigger(self, user: str) -> str:
        """Create a trigger id."""
        key = f"{len(self.triggers) + 1}.{int(self.clock.now())}.{secrets.token_hex(16)}"
        self.triggers[key] = Trigger(user, self.clock.now())
        return key

    def use_trigger(self, key: str) -> Trigger:
        """Use a trigger id. Raise SlackError if it is unknown, already used, or older than three seconds."""
        trigger = self.triggers.get(key)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock.now() - trigger.created_at > TRIGGER_LIFETIME_S:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger
