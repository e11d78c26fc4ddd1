"""Messages to Slack: in channels, to one person, and edits of earlier messages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookResponse

from bot.blocks.message import Message, holds_secret
from bot.errors import Failed
from bot.slack.outbound.block_age import BlockAge
from bot.slack.outbound.client import NO_ANSWER, SLACK_ERRORS, is_slack_url, reason_of, response_client, retry_after
from bot.slack.outbound.payload import payloads
from bot.text.mrkdwn import user as mention

INVITE: Final = "Invite the bot there with `/invite @Swarmbot`."
NEXT_STEPS: Final = {
    "not_in_channel": INVITE,
    "channel_not_found": f"Check the channel in swarmbot.yml. {INVITE}",
    "is_archived": "Unarchive the channel, or set another one in swarmbot.yml.",
}
NOT_EDITABLE: Final = {"message_not_found", "edit_window_closed", "cant_update_message"}
CHANNEL_CLOSED: Final = frozenset(
    {
        *("not_in_channel", "channel_not_found", "is_archived", "restricted_action", "no_permission"),
        *("restricted_action_read_only_channel", "restricted_action_non_threadable_channel"),
        *("restricted_action_thread_only_channel", "team_access_not_granted", "missing_scope"),
    }
)
"""Slack's error codes for a channel that cannot be posted to until somebody changes something."""
TEMPORARY: Final = frozenset(
    {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "HTTP 429"}
)
NO_EPHEMERAL: Final = {"user_not_in_channel", "channel_not_found", "not_in_channel", "is_archived"}

log = logging.getLogger(__name__)


def next_step_for(reason: str) -> str:
    """Return what to do about an error code of Slack."""
    return NEXT_STEPS.get(reason, "Run `python -m bot doctor`: it checks the Slack app.")


class Undelivered(Failed):
    """Slack did not accept a message. ``reason`` is Slack's error code, or "no answer"."""

    def __init__(self, reason: str, where: str, what: str = "a message", *, retry_after_s: float = 0.0) -> None:
        super().__init__(
            f"Slack did not accept {what} for {where} ({reason}).",
            next_step=next_step_for(reason),
        )
        self.reason = reason
        self.retry_after_s = retry_after_s
        """How long Slack asks to wait; 0.0 if it does not."""

    @property
    def temporary(self) -> bool:
        """Whether the same call may succeed soon: Slack did not respond, or asked to wait."""
        return self.reason in TEMPORARY or self.reason.startswith((NO_ANSWER, "HTTP 5"))


class Notifier:
    """Safe to share between threads. Every call raises :class:`Undelivered` if Slack refuses it.

    ``block_age`` remembers which blocks the workspace takes, by default in this object. ``retries`` says whether
    ``client`` tries again by itself, so that response_urls are used alike.
    """

    def __init__(self, client: WebClient, block_age: BlockAge | None = None, *, retries: bool = True) -> None:
        self._client = client
        self._retries = retries
        self._block_age = block_age or BlockAge()

    def post(self, channel: str, message: Message, *, thread: str = "", broadcast: bool = False) -> str:
        """Post in a channel, or for a user id as a direct message; return the message's ts.

        ``thread`` is the ts of a message in the channel to reply to; the reply is shown in the channel too with
        ``broadcast``.
        """
        how: dict[str, Any] = {"channel": channel, "thread_ts": thread} if thread else {"channel": channel}
        if broadcast:
            how["reply_broadcast"] = True
        answer = self._deliver(message, f"channel `{channel}`", self._client.chat_postMessage, **how)
        return str(answer["ts"])

    def update(self, channel: str, ts: str, message: Message, *, thread: str = "") -> str:
        """Edit a message and return its ts; one that cannot be edited any more is posted again, in its ``thread``."""
        try:
            self._deliver(message, f"channel `{channel}`", self._client.chat_update, channel=channel, ts=ts)
        except Undelivered as error:
            if error.reason not in NOT_EDITABLE:
                raise
            log.info("message %s in %s: %s; posting it again", ts, channel, error.reason)
            return self.post(channel, message, thread=thread)
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
        """Answer a command or a press: to the requester, or ``in_channel``; ``replace`` edits the pressed message.

        If the URL is used up or expired, the answer goes by chat.postEphemeral, or by a direct message if the requester
        is not in the channel. A secret never goes by direct message, which would be kept: that raises.
        """
        try:
            self.answer(response_url, message, replace=replace, in_channel=in_channel)
        except Undelivered as error:
            log.info("response_url: %s; answering without it", error.reason)
        else:
            return
        if in_channel:
            self.post(channel, message)
        else:
            self.tell(user, channel, message)

    def answer(self, response_url: str, message: Message, *, replace: bool = False, in_channel: bool = False) -> None:
        """Answer by the response_url alone."""
        how = {"replace_original": replace, "response_type": "in_channel" if in_channel else "ephemeral"}
        self._hook(response_url, message, how)

    def tell(self, user: str, channel: str, message: Message) -> None:
        """Show one person a message in a channel, or as a direct message if they are not in it.

        A secret never goes by direct message: that raises. Without a channel (a button in Home or in a form was
        pressed) it is a direct message.
        """
        where = mention(user)
        if channel:
            try:
                self._deliver(message, where, self._client.chat_postEphemeral, channel=channel, user=user)
            except Undelivered as error:
                if error.reason not in NO_EPHEMERAL or holds_secret(message.blocks):
                    raise
            else:
                return
        elif holds_secret(message.blocks):
            raise Undelivered("channel_not_found", where)
        self._deliver(message, where, self._client.chat_postMessage, channel=user)

    def delete(self, channel: str, ts: str) -> None:
        """Delete a message of the bot."""
        self._call(f"channel `{channel}`", self._client.chat_delete, {"channel": channel, "ts": ts})

    def open_modal(self, trigger_id: str, view: dict[str, Any], *, above: bool = False) -> None:
        """Open a form for the person whose press gave ``trigger_id``, which is valid for 3 s.

        ``above``: over the form in which they pressed.
        """
        call = self._client.views_push if above else self._client.views_open
        self._call("a form", call, {"trigger_id": trigger_id, "view": view})

    def update_modal(self, view_id: str, before: str, view: dict[str, Any]) -> None:
        """Replace an open form, if Slack's hash of it is still ``before``."""
        self._call("a form", self._client.views_update, {"view_id": view_id, "hash": before, "view": view})

    def publish_home(self, user: str, view: dict[str, Any], before: str = "") -> str:
        """Show a person this Home, if Slack's hash of what it shows is ``before``; return the hash of the new view."""
        body = {"user_id": user, "view": view} | ({"hash": before} if before else {})
        answer = self._call(f"Home of {mention(user)}", self._client.views_publish, body)
        return str((answer.get("view") or {}).get("hash") or "")

    def delete_original(self, response_url: str) -> None:
        """Delete the pressed message, even a private one."""
        self._hook(response_url, None, {"delete_original": True})

    def _hook(self, url: str, message: Message | None, how: dict[str, Any]) -> None:
        """Post to a response_url, in older blocks if Slack does not accept the newer ones."""
        if not is_slack_url(url, self._client.base_url):
            raise Undelivered("the response_url is not Slack's", "the requester")

        def send(**body: Any) -> WebhookResponse:
            answer = response_client(url, retries=self._retries).send_dict(body)
            if answer.status_code != HTTPStatus.OK:
                raise Undelivered(_reason(answer), "the requester", retry_after_s=retry_after(answer.headers))
            return answer

        if message is None:
            self._call("the requester", send, how)
        else:
            self._deliver(message, "the requester", send, **how)

    def _deliver(self, message: Message, where: str, call: Callable[..., Any], **how: Any) -> Any:
        """Send in the newest blocks; if Slack refuses them, in older ones, then as text only.

        A message with a secret is not sent as text, which does not have it. After Slack has refused newer blocks and
        accepted older ones, the older ones are used.
        """
        first, *_ = ages = payloads(message, self._block_age.get())
        for age, body in ages:
            try:
                answer = self._call(where, call, how | body)
            except Undelivered as error:
                if error.reason != "invalid_blocks":
                    raise
            else:
                if age != first[0]:
                    log.warning("Slack refuses the %s blocks: %s ones are used from now on", first[0], age)
                    self._block_age.note(age)
                return answer
        log.error("Slack refuses the blocks of a message for %s; sending its text only", where)
        if holds_secret(message.blocks):
            raise Undelivered("invalid_blocks", where)
        return self._call(where, call, how | {"text": message.text})

    def _call(self, where: str, call: Callable[..., Any], body: dict[str, Any]) -> Any:
        """Call Slack (the client retries). Slack's error is not chained, because it can hold what was sent."""
        try:
            return call(**body)
        except SLACK_ERRORS as error:
            reason = reason_of(error)
            wait_s = retry_after(error.response.headers) if isinstance(error, SlackApiError) else 0.0
        raise Undelivered(reason, where, retry_after_s=wait_s)


def _reason(answer: WebhookResponse) -> str:
    known = ("invalid_blocks", "used_url", "expired_url")
    reason = next((word for word in known if word in str(answer.body)), "")
    return reason or f"HTTP {answer.status_code}"
