"""The way out: what is said in channels, to one person, and by edits of what was said before."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookResponse

from bot.blocks.message import Message, holds_secret
from bot.errors import Failed
from bot.slack.outbound.client import SLACK_ERRORS, is_slack_url, reason_of, response_client
from bot.slack.outbound.payload import has_plainer, payload

INVITE: Final = "Invite the bot there with `/invite @Swarmbot`."
NEXT: Final = {
    "not_in_channel": INVITE,
    "channel_not_found": f"See that swarmbot.yml has the right channel. {INVITE}",
    "is_archived": "Unarchive the channel, or give another one in swarmbot.yml.",
}
GONE: Final = {"message_not_found", "edit_window_closed", "cant_update_message"}
UNSEEN: Final = {"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived"}
SUCCESS: Final = 200

log = logging.getLogger(__name__)


class Undelivered(Failed):
    """Slack did not take a message. ``reason`` is Slack's own word for it, or "no answer"."""

    def __init__(self, reason: str, where: str) -> None:
        super().__init__(
            f"Slack did not take a message for {where} ({reason}).",
            next_step=NEXT.get(reason, "`python -m bot doctor` says what is wrong with the Slack app."),
        )
        self.reason = reason


class Notifier:
    """Sends messages; safe to share between threads. Every call raises :class:`Undelivered` when Slack refuses it."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._plain = False

    def post(self, channel: str, message: Message) -> str:
        """Post in a channel (or, for a user's id, in the direct messages with them); return the message's ts."""
        answer = self._deliver(message, f"channel `{channel}`", self._client.chat_postMessage, channel=channel)
        return str(answer["ts"])

    def update(self, channel: str, ts: str, message: Message) -> str:
        """Edit a message and return its ts; one that is gone or cannot be edited any more is posted anew."""
        try:
            self._deliver(message, f"channel `{channel}`", self._client.chat_update, channel=channel, ts=ts)
        except Undelivered as error:
            if error.reason not in GONE:
                raise
            log.info("message %s in %s: %s; posting it anew", ts, channel, error.reason)
            return self.post(channel, message)
        return ts

    def respond(
        self,
        response_url: str,
        message: Message,
        *,
        user: str,
        channel: str,
        replace: bool = False,
        in_channel: bool = False,
    ) -> None:
        """Answer a command or a press: to the asker alone, or ``in_channel``; ``replace`` edits what was pressed on.

        When the URL is used up or too old the answer goes by chat.postEphemeral, or by a direct message where the
        asker is not in the channel. A secret never goes by direct message, which would stay: that raises.
        """
        how = {"replace_original": replace, "response_type": "in_channel" if in_channel else "ephemeral"}
        try:
            self._hook(response_url, message, how)
        except Undelivered as error:
            log.info("response_url: %s; answering without it", error.reason)
        else:
            return
        if in_channel:
            self.post(channel, message)
        else:
            self._to_person(user, channel, message)

    def open_modal(self, trigger_id: str, view: dict[str, Any]) -> None:
        """Open a form for the person whose press gave ``trigger_id``, within three seconds of it."""
        self._call("a form", self._client.views_open, {"trigger_id": trigger_id, "view": view})

    def delete_original(self, response_url: str) -> None:
        """Delete the message that was pressed on, private ones too."""
        self._hook(response_url, None, {"delete_original": True})

    def _to_person(self, user: str, channel: str, message: Message) -> None:
        where = f"`{user}`"
        try:
            self._deliver(message, where, self._client.chat_postEphemeral, channel=channel, user=user)
        except Undelivered as error:
            if error.reason not in UNSEEN or holds_secret(message.blocks):
                raise
            self._deliver(message, where, self._client.chat_postMessage, channel=user)

    def _hook(self, url: str, message: Message | None, how: dict[str, Any]) -> None:
        """Post to a response_url, in the older blocks if Slack does not take the newer ones."""
        if not is_slack_url(url, self._client.base_url):
            raise Undelivered("no response_url of Slack's", "its asker")

        def send(**body: Any) -> WebhookResponse:
            answer = response_client(url).send_dict(body)
            if answer.status_code != SUCCESS:
                raise Undelivered(_reason(answer), "its asker")
            return answer

        if message is None:
            self._call("its asker", send, how)
        else:
            self._deliver(message, "its asker", send, **how)

    def _deliver(self, message: Message, where: str, call: Callable[..., Any], **how: Any) -> Any:
        """Send in the newer blocks, then in the older ones, then as text alone: a message is said in any case.

        Not so one with a secret, which text alone does not hold. What Slack once refused is not tried again by this
        process if the older blocks were taken.
        """
        plain = self._plain or not has_plainer(message)
        try:
            return self._call(where, call, how | payload(message, plain=plain))
        except Undelivered as error:
            if error.reason != "invalid_blocks":
                raise
        if not plain:
            try:
                answer = self._call(where, call, how | payload(message, plain=True))
            except Undelivered as error:
                if error.reason != "invalid_blocks":
                    raise
            else:
                log.warning("Slack refuses newer blocks: this process shows messages in older ones from now on")
                self._plain = True
                return answer
        log.error("Slack refuses the blocks of a message for %s; sending its text alone", where)
        if holds_secret(message.blocks):
            raise Undelivered("invalid_blocks", where)
        return self._call(where, call, how | {"text": message.text})

    def _call(self, where: str, call: Callable[..., Any], body: dict[str, Any]) -> Any:
        """Call Slack once (retries are the client's). Errors are not chained: theirs may hold what was sent."""
        try:
            return call(**body)
        except SLACK_ERRORS as error:
            reason = reason_of(error)
        raise Undelivered(reason, where)


def _reason(answer: WebhookResponse) -> str:
    known = ("invalid_blocks", "used_url", "expired_url")
    said = next((word for word in known if word in str(answer.body)), "")
    return said or f"HTTP {answer.status_code}"
