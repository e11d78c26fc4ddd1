"""What Slack asks, as the gate takes it. The payloads were checked by :mod:`bot.slack.inbound.payloads`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.blocks.message import Message
from bot.blocks.modals import FieldErrors, Modal, values_of
from bot.settings import Settings
from bot.slack.outbound.notifier import Notifier


@dataclass(frozen=True, slots=True)
class SlashRequest:
    """Somebody typed a command. ``text`` is as Slack escaped it; ``request_key`` is the same in a double delivery."""

    text: str
    user: str
    channel: str
    response_url: str
    request_key: str
    trigger_id: str


@dataclass(frozen=True, slots=True)
class PressRequest:
    """Somebody pressed a button: ``action`` and ``value`` are as the button was built, and prove nothing.

    ``channel`` and ``message_ts`` are empty for a press in a modal or in Home.
    """

    action: str
    value: str
    user: str
    channel: str
    response_url: str
    request_key: str
    trigger_id: str
    message_ts: str


@dataclass(frozen=True, slots=True)
class SubmitRequest:
    """Somebody submitted a form: ``subject`` is the id that the form was opened with, ``values`` its text fields."""

    callback: str
    subject: str
    values: Mapping[str, str]
    user: str
    request_key: str


@dataclass(frozen=True, slots=True)
class ReplacingMessage(Message):
    """An answer to a press that takes the place of the message with the button."""


class GateLike(Protocol):
    """Where requests go. Both return what is told to the asker alone, or None for nothing, once it is stored.

    They raise nothing but :class:`~bot.errors.SwarmbotError`.
    """

    def slash(self, request: SlashRequest) -> Message | Modal | None:
        """Take a command; a modal is opened for the asker."""

    def press(self, request: PressRequest) -> Message | Modal | None:
        """Take the press of a button; a modal is opened for the presser."""

    def submit(self, request: SubmitRequest) -> Message | FieldErrors | None:
        """Take a form; with errors in fields it stays open."""


OpenGate = Callable[[Settings, Notifier], GateLike]
"""Makes the gate of a process, with connections of its own; the notifier is the process's."""


def slash_request(body: dict[str, Any]) -> SlashRequest:
    """Return the command of a body that is well formed. Slack gives each command a trigger_id of its own."""
    return SlashRequest(
        text=body.get("text") or "",
        user=body["user_id"],
        channel=body["channel_id"],
        response_url=body["response_url"],
        request_key=f"command:{body['trigger_id']}",
        trigger_id=body["trigger_id"],
    )


def press_request(body: dict[str, Any]) -> PressRequest:
    """Return the press of a body that is well formed. A menu's choice is its value."""
    action = body["actions"][0]
    container = body.get("container") or {}
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
    )


def press_as_command(press: PressRequest) -> SlashRequest:
    """Return a press of a button whose value is a command's words as that command."""
    place = (press.channel, press.response_url, press.request_key, press.trigger_id)
    return SlashRequest(press.value, press.user, *place)


def submit_request(body: dict[str, Any]) -> SubmitRequest:
    """Return the form of a body that is well formed. A view's hash is its own in a double delivery too."""
    view = body["view"]
    return SubmitRequest(
        callback=view["callback_id"],
        subject=view.get("private_metadata") or "",
        values=values_of(view),
        user=body["user"]["id"],
        request_key=f"form:{view.get('id') or ''}:{view.get('hash') or ''}",
    )
