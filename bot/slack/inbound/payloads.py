"""The payload kinds that are understood, as Slack sends them: one schema at the door, for HTTP and Socket Mode.

Only the fields that Bolt or Swarmbot read are named, with their types; Slack may send others. A payload of another
kind, or with a field of a wrong type, is refused before anything reads it: see :func:`problem_of`.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

SHOWN_PROBLEMS: Final = 3
MAX_ID_CHARS: Final = 100
MAX_URL_CHARS: Final = 900
MAX_VALUE_CHARS: Final = 2000
"""Slack's own ids and addresses have about 12 and 80 characters, and a button's value at most 2,000. Forms carry all of
them, and take 3,000 characters together."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class _WithId(_Part):
    id: str = Field(min_length=1)


class _Workspace(_Part):
    id: str | None = None
    domain: str | None = None


class _Payload(_Part):
    """What Bolt reads of every payload to find out whose it is."""

    team: _Workspace | str | None = None
    enterprise: _Workspace | str | None = None
    team_id: str | None = None
    enterprise_id: str | None = None
    is_enterprise_install: bool | str | None = None
    api_app_id: str | None = None
    token: str | None = None
    trigger_id: str | None = None
    response_url: str | None = Field(None, max_length=MAX_URL_CHARS)
    function_data: dict[str, Any] | None = None
    bot_access_token: str | None = None
    authorizations: list[dict[str, Any]] | None = None


class SlashCommand(_Payload):
    """A typed command."""

    command: str = Field(min_length=1)
    text: str = ""
    user_id: str = Field(min_length=1)
    channel_id: str = Field(min_length=1, max_length=MAX_ID_CHARS)
    trigger_id: str = Field(min_length=1)
    response_url: str = Field(min_length=1, max_length=MAX_URL_CHARS)


class _Option(_Part):
    value: str | None = None


class _Action(_Part):
    action_id: str
    type: str | None = None
    block_id: str | None = None
    value: str | None = Field(None, max_length=MAX_VALUE_CHARS)
    action_ts: str | None = None
    selected_option: _Option | None = None


class _Container(_Part):
    type: str | None = None
    message_ts: str | None = None
    channel_id: str | None = None


class _Place(_Part):
    id: str | None = None
    name: str | None = None


class _Text(_Part):
    text: str | None = None


class _State(_Part):
    values: dict[str, dict[str, dict[str, Any]]] | None = None


class _View(_Part):
    type: str
    callback_id: str | None = None
    id: str | None = None
    hash: str | None = None
    private_metadata: str | None = None
    title: _Text | None = None
    state: _State | None = None
    app_installed_team_id: str | None = None


class _FormView(_View):
    callback_id: str


class BlockActions(_Payload):
    """Presses of buttons and choices of menus."""

    user: _WithId
    actions: list[_Action] = Field(min_length=1)
    container: _Container | None = None
    channel: _Place | None = None
    message: dict[str, Any] | None = None
    view: _View | None = None


class Shortcut(_Payload):
    """A shortcut of the app, which people find from every channel. It has no channel."""

    user: _WithId
    callback_id: str
    trigger_id: str = Field(min_length=1)


class ViewSubmission(_Payload):
    """A submitted or closed form."""

    user: _WithId
    view: _FormView


class _Event(_Part):
    type: str
    subtype: str | None = None
    text: str | None = None
    channel_type: str | None = None
    edited: dict[str, Any] | None = None
    user_team: str | None = None
    source_team: str | None = None
    tab: str | None = None
    view: dict[str, Any] | None = None
    user: str | _WithId | None = None
    bot_id: str | None = None
    channel: str | _Place | None = None
    channel_id: str | None = None
    user_id: str | None = None
    team: str | None = None
    ts: str | None = None
    thread_ts: str | None = None
    item: dict[str, Any] | None = None
    message: dict[str, Any] | None = None
    previous_message: dict[str, Any] | None = None
    inputs: dict[str, Any] | None = None


class EventCallback(_Payload):
    """An event that the app subscribed to."""

    event: _Event
    event_id: str | None = None
    event_time: int | None = None


class UrlVerification(_Payload):
    """Slack's question when an address is entered in the app's settings."""

    challenge: str


class SslCheck(_Payload):
    """Slack's check of the address's certificate."""


KINDS: Final[dict[str, type[_Payload]]] = {
    "block_actions": BlockActions,
    "shortcut": Shortcut,
    "view_submission": ViewSubmission,
    "view_closed": ViewSubmission,
    "event_callback": EventCallback,
    "url_verification": UrlVerification,
}


def problem_of(body: object) -> str:
    """Return what is wrong with a payload, in words for the log and without its values; "" if it is well formed."""
    if not isinstance(body, dict):
        return "not an object"
    kind = _kind_of(body)
    if kind is None:
        return "of no kind that is understood"
    try:
        json.dumps(body, ensure_ascii=False).encode()
        kind.model_validate(body)
    except UnicodeEncodeError:
        return "text that is not Unicode"
    except (RecursionError, ValueError) as error:
        return _problems(error)
    return ""


def _kind_of(body: dict[str, Any]) -> type[_Payload] | None:
    if "command" in body:
        return SlashCommand
    if "ssl_check" in body:
        return SslCheck
    kind = body.get("type")
    return KINDS.get(kind) if isinstance(kind, str) else None


def _problems(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "nested too deeply"
    found = [f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors(include_input=False)]
    return ", ".join(found[:SHOWN_PROBLEMS])
