"""Requests from Slack, as the gate takes them. The payloads were checked by :mod:`bot.slack.inbound.payloads`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.blocks.message import Message
from bot.blocks.modals import FieldErrors, Modal, values_of
from bot.settings import Settings
from bot.slack.outbound.notifier import Notifier


@dataclass(frozen=True, slots=True)
class SlashRequest:
    """A command that somebody typed, with a slash or in a message to the bot."""

    text: str
    """The text as Slack escaped it."""
    user: str
    channel: str
    response_url: str
    """"" for a message, as is ``trigger_id``."""
    request_key: str
    """A second delivery of the same request has the same key."""
    trigger_id: str
    thread: str = ""
    """The ts of the message in whose thread it is answered; "" for a slash command, which is answered privately."""


@dataclass(frozen=True, slots=True)
class MentionRequest:
    """A message that mentions the bot, or that was sent to it directly."""

    command: SlashRequest
    sent_at: float
    """Unix seconds, by Slack's clock."""
    outside: bool
    """Whether the person belongs to another workspace, which shares the channel."""


@dataclass(frozen=True, slots=True)
class PressRequest:
    """The press of a button. ``action`` and ``value`` come from the client and are not trusted."""

    action: str
    value: str
    user: str
    channel: str
    """"" in a modal or in Home, as is ``message_ts``."""
    response_url: str
    request_key: str
    trigger_id: str
    message_ts: str
    view: str = ""
    """``home`` or ``modal`` if the button is there; "" if it is in a message."""
    view_id: str = ""
    view_hash: str = ""
    """Changes with each update of the view."""
    callback: str = ""
    """The callback id of the form with the button. ``private_metadata`` and ``values`` are also those of the form."""
    private_metadata: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    """What its fields hold now."""


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """A form that somebody submitted."""

    callback: str
    private_metadata: str
    """The text that the form was opened with."""
    values: Mapping[str, str]
    """The text fields by name."""
    user: str
    request_key: str


@dataclass(frozen=True, slots=True)
class ReplacingMessage(Message):
    """An answer to a press that replaces the message with the button."""


class GateLike(Protocol):
    """Handles requests. Methods return once the request is stored: the answer for the requester, or None.

    They raise only :class:`~bot.errors.SwarmbotError`.
    """

    def slash(self, request: SlashRequest) -> Message | Modal | None:
        """Handle a command; a modal is opened for the person who typed it."""

    def mention(self, request: MentionRequest) -> Message | None:
        """Handle a command in a message; a second delivery has no answer."""

    def press(self, request: PressRequest) -> Message | Modal | None:
        """Handle the press of a button; a modal is opened for the person who pressed."""

    def home_opened(self, user: str, *, empty: bool) -> None:
        """Publish a person's Home; ``empty`` if Slack has nothing to show there."""

    def submit(self, request: SubmitRequest) -> Message | Modal | FieldErrors | None:
        """Handle a form; with field errors it stays open, and another form takes its place."""


OpenGate = Callable[[Settings, Notifier], GateLike]
"""Makes the gate of a process, with its own connections and the notifier of the process."""


def slash_request(body: dict[str, Any]) -> SlashRequest:
    """Return the command of a well-formed body. Slack gives each command its own trigger_id."""
    return SlashRequest(
        text=body.get("text") or "",
        user=body["user_id"],
        channel=body["channel_id"],
        response_url=body["response_url"],
        request_key=f"command:{body['trigger_id']}",
        trigger_id=body["trigger_id"],
    )


def shortcut_request(body: dict[str, Any]) -> SlashRequest:
    """Return the app's shortcut of a well-formed body: what `/swarm` alone does, without a channel."""
    trigger_id = body["trigger_id"]
    return SlashRequest("", body["user"]["id"], "", "", f"command:{trigger_id}", trigger_id)


def press_request(body: dict[str, Any]) -> PressRequest:
    """Return the press of a well-formed body. The value of a menu is its choice."""
    action = body["actions"][0]
    container, view = body.get("container") or {}, body.get("view") or {}
    value = action.get("value") or (action.get("selected_option") or {}).get("value") or ""
    trigger_id = body.get("trigger_id") or ""
    own = trigger_id or f"{container.get('message_ts') or ''}:{action.get('action_ts') or ''}"
    return PressRequest(
        action=action["action_id"].partition("#")[0],
        value=value,
        user=body["user"]["id"],
        channel=(body.get("channel") or {}).get("id") or container.get("channel_id") or "",
        response_url=body.get("response_url") or "",
        request_key=f"press:{own}",
        trigger_id=trigger_id,
        message_ts=container.get("message_ts") or "",
        view=view.get("type") or "",
        view_id=view.get("id") or "",
        view_hash=view.get("hash") or "",
        callback=view.get("callback_id") or "",
        private_metadata=view.get("private_metadata") or "",
        values=values_of(view),
    )


def press_as_command(press: PressRequest) -> SlashRequest:
    """Return the command of a button whose value is the text of a command."""
    place = (press.channel, press.response_url, press.request_key, press.trigger_id)
    return SlashRequest(press.value, press.user, *place)


def submit_request(body: dict[str, Any]) -> SubmitRequest:
    """Return the form of a well-formed body. The hash of a view is the same in a second delivery."""
    view = body["view"]
    return SubmitRequest(
        callback=view["callback_id"],
        private_metadata=view.get("private_metadata") or "",
        values=values_of(view),
        user=body["user"]["id"],
        request_key=f"form:{view.get('id') or ''}:{view.get('hash') or ''}",
    )
