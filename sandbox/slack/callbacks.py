"""What Slack hands out with each interaction: response_urls and trigger ids."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from sandbox.slack.clock import Clock
from sandbox.slack.errors import SlackError

URL_USES: Final = 5
URL_SECONDS: Final = 30 * 60
TRIGGER_SECONDS: Final = 3


@dataclass
class ResponseUrl:
    """Where one interaction may be answered. ``message_ts`` is the message that it came from, empty for a command."""

    user: str
    channel: str
    message_ts: str
    made: float
    uses: int = 0


@dataclass
class Trigger:
    """The right to open one modal for one person."""

    user: str
    made: float
    used: bool = False


@dataclass
class Callbacks:
    """All response_urls (by their last part) and trigger ids that were given out."""

    clock: Clock
    urls: dict[str, ResponseUrl] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)

    def new_url(self, user: str, channel: str, message_ts: str = "") -> str:
        """Give out a response_url; return its last part."""
        key = secrets.token_hex(12)
        self.urls[key] = ResponseUrl(user, channel, message_ts, self.clock.now())
        return key

    def use_url(self, key: str) -> ResponseUrl:
        """Count a use. Raises SlackError: unknown, ``expired_url`` after 30 minutes, ``used_url`` after five uses."""
        url = self.urls.get(key)
        if url is None:
            raise SlackError("invalid_url")
        if self.clock.now() - url.made > URL_SECONDS:
            raise SlackError("expired_url")
        if url.uses >= URL_USES:
            raise SlackError("used_url")
        url.uses += 1
        return url

    def new_trigger(self, user: str) -> str:
        """Give out a trigger id."""
        key = f"{len(self.triggers) + 1}.{int(self.clock.now())}.{secrets.token_hex(16)}"
        self.triggers[key] = Trigger(user, self.clock.now())
        return key

    def use_trigger(self, key: str) -> Trigger:
        """Take a trigger. Raises SlackError: unknown, used before, or older than three seconds."""
        trigger = self.triggers.get(key)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock.now() - trigger.made > TRIGGER_SECONDS:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger
