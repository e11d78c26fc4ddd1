"""The Web API's registry: each method with the scope that it needs, and what checks several of them share."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from sandbox.slack.errors import SlackError
from sandbox.slack.json_types import Json
from sandbox.slack.workspace import Workspace
from sandbox.slack.world import Channel

Args = dict[str, Any]
Function = Callable[[Workspace, Args], Json]


@dataclass(frozen=True)
class Method:
    """One method; ``scope`` empty means that any bot token will do, ``app_token`` that only an xapp- one does."""

    name: str
    scope: str
    function: Function
    app_token: bool = False


METHODS: Final[dict[str, Method]] = {}


def method(name: str, scope: str = "", *, app_token: bool = False) -> Callable[[Function], Function]:
    """Register a function as a Web API method; it returns the answer without ``ok``, or raises SlackError."""

    def register(function: Function) -> Function:
        METHODS[name] = Method(name, scope, function, app_token)
        return function

    return register


def need(args: Args, *names: str) -> None:
    """Raise SlackError invalid_arguments for the first of these arguments that is missing."""
    for name in names:
        if not args.get(name):
            message = f"[ERROR] missing required field: {name}"
            raise SlackError("invalid_arguments", response_metadata={"messages": [message]})


def is_true(value: Any) -> bool:
    """Say whether an argument is true, as JSON or as a form writes it."""
    return value is True or str(value).lower() in {"true", "1"}


def json_arg(args: Args, name: str, error: str) -> Any:
    """Return an argument that is JSON, or JSON in a string as forms carry it. Raises SlackError ``error``."""
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
    """Return ``blocks``. Raises SlackError invalid_blocks_format when it is no list of objects."""
    blocks = json_arg(args, "blocks", "invalid_blocks_format")
    if blocks is not None and not (isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks)):
        raise SlackError("invalid_blocks_format")
    return blocks


def channel_arg(workspace: Workspace, args: Args, *, bot_inside: bool = True) -> Channel:
    """Return the channel that ``channel`` names; a user id means the direct messages with that person.

    Raises SlackError: channel_not_found, not_in_channel, is_archived.
    """
    world, channel_id = workspace.world, str(args.get("channel") or "")
    if channel_id in world.users and not world.users[channel_id].is_bot:
        return world.direct(channel_id)
    channel = world.channels.get(channel_id)
    inside = channel is not None and world.app.bot_user in channel.members
    if channel is None or (channel.is_private and not inside):
        raise SlackError("channel_not_found")
    if bot_inside and not inside:
        raise SlackError("not_in_channel")
    if bot_inside and channel.is_archived:
        raise SlackError("is_archived")
    return channel
