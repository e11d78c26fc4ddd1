"""Control of the local Slack over HTTP, from another process."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from sandbox.slack.base import CannotDo

if TYPE_CHECKING:
    from sandbox.slack.local import LocalSlack

ACTIONS: Final = (
    "slash",
    "shortcut",
    "click",
    "click_in_view",
    "submit_view",
    "close_view",
    "say",
    "open_home",
    "reload",
    "messages",
    "ephemerals",
    "seen_by",
    "transcript",
    "names",
    "text",
    "wait_to_see",
    "file_bytes",
    "file_seen_by",
    "image",
    "file_delay",
    "fault",
    "clear_faults",
    "advance",
    "disconnect",
    "drop_connections",
    "environment",
)
"""Methods of LocalSlack. ``POST /control/ACTION`` calls them with JSON arguments; bytes are returned as base64."""

TEAM_ACTIONS: Final = ("add_user", "add_channel", "add_group", "set_members", "set_group")
"""Methods of Team, called in the same way."""


def control_route(local: LocalSlack) -> web.RouteDef:
    """Return the route ``POST /control/{action}``.

    It answers 200 with the result as JSON, 404 for an unknown action, 409 for CannotDo, 408 if a wait timed out, and
    400 for wrong arguments.
    """

    async def control(request: web.Request) -> web.Response:
        action = _action(local, request.match_info["action"])
        if action is None:
            return web.json_response({"error": "no such action", "actions": [*ACTIONS, *TEAM_ACTIONS]}, status=404)
        try:
            arguments = await request.json() if request.can_read_body else {}
            result = await asyncio.to_thread(action, **arguments)
        except CannotDo as error:
            return web.json_response({"error": str(error)}, status=409)
        except TimeoutError as error:
            return web.json_response({"error": str(error)}, status=408)
        except (TypeError, ValueError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response({"result": _json(result)})

    return web.post("/control/{action}", control)


def _action(local: LocalSlack, name: str) -> Callable[..., Any] | None:
    if name in ACTIONS:
        return getattr(local, name)  # type: ignore[no-any-return] # one of ACTIONS
    if name not in TEAM_ACTIONS:
        return None

    def edit(**arguments: Any) -> Any:
        with local.workspace.changed:
            return getattr(local.team, name)(**arguments)

    return edit


def _json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {**_json(asdict(value)), **({"shown": value.shown} if hasattr(value, "shown") else {})}
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
