"""The local Slack's controls over HTTP, so that the tour or a page can drive a server in another process."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from sandbox.slack.errors import CannotDo

if TYPE_CHECKING:
    from sandbox.slack.local import LocalSlack

ACTIONS: Final = (
    "slash",
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
    "picture",
    "file_delay",
    "fault",
    "clear_faults",
    "advance",
    "disconnect",
    "drop_connections",
    "environment",
)
"""Methods of LocalSlack, called by ``POST /control/ACTION`` with their arguments as JSON; bytes come back as base64."""

WORLD: Final = ("add_user", "add_channel", "add_group", "set_members", "set_group")
"""Methods of World, called in the same way."""


def control_route(local: LocalSlack) -> web.RouteDef:
    """Return ``POST /control/{action}``: 200 and the result as JSON; 404, 409 (CannotDo), 408 (not seen), 400."""

    async def control(request: web.Request) -> web.Response:
        action = _action(local, request.match_info["action"])
        if action is None:
            return web.json_response({"error": "no such action", "actions": [*ACTIONS, *WORLD]}, status=404)
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
    if name not in WORLD:
        return None

    def edit(**arguments: Any) -> Any:
        with local.workspace.changed:
            return getattr(local.world, name)(**arguments)

    return edit


def _json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {**_json(asdict(value)), **({"shown": value.shown} if hasattr(value, "shown") else {})}
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_json(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
