"""The registry of Web API methods, and checks of arguments that several methods use."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.slack.base import Json, SlackError
from sandbox.slack.team import Channel
from sandbox.slack.workspace import Workspace

Args = dict[str, Any]
Function = Callable[[Workspace, Args], Json]


@dataclass(frozen=True)
class Method:
    """One Web API method."""

    name: str
    scope: str
    """The scope that the bot token needs; empty for none."""
    function: Function
    app_token: bool = False
    """True if the method accepts app tokens (xapp-) instead of bot tokens."""


METHODS: Final[dict[str, Method]] = {}


def method(name: str, scope: str = "", *, app_token: bool = False) -> Callable[[Function], Function]:
    """Register a function as a Web API method. It returns the answer without ``ok``, or raises SlackError."""

    def register(function: Function) -> Function:
        METHODS[name] = Method(name, scope, function, app_token)
        return function

    return register


def need(args: Args, *names: str) -> None:
    """Raise SlackError invalid_arguments if one of these arguments is missing."""
    for name in names:
        if not args.get(name):
            message = f"[ERROR] missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [message]})


def is_true(value: Any) -> bool:
    """Return whether an argument is true, in JSON or in a form."""
    return value is True or str(value).lower() in {"true", "1"}


def json_arg(args: Args, name: str, error: str) -> Any:
    """Return a JSON argument, parsed if it is a string. Raise SlackError ``error`` if it cannot be parsed."""
    value = args.get(name)
    if not isinstance(value, str):
        return value
    if not value:
        return None
    try:
        return json.loads(value)
    except ValueError:
        raise SlackError(error) from None


def blocks_arg(args: Args) -> list[Json] | None:
    """Return ``blocks``. Raise SlackError invalid_blocks_format if it is not a list of objects."""
    blocks = json_arg(args, "blocks", "invalid_blocks_format")
    if blocks is not None and not (isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks)):
        raise SlackError("invalid_blocks_format")
    return blocks


def channel_arg(workspace: Workspace, args: Args, *, bot_inside: bool = True) -> Channel:
    """Return the channel in ``channel``; a user id means the direct messages with that person.

    Raise SlackError channel_not_found, not_in_channel or is_archived.
    """
    team, channel_id = workspace.team, str(args.get("channel") or "")
    if channel_id in team.users and not team.users[channel_id].is_bot:
        return team.direct(channel_id)
    channel = team.channels.get(channel_id)
    inside = channel is not None and team.app.bot_user in channel.members
    if channel is None or (channel.is_private and not inside):
        raise SlackError("channel_not_found")
    if bot_inside and not inside:
        raise SlackError("not_in_channel")
    if bot_inside and channel.is_archived:
        raise SlackError("is_archived")
    return channel
