"""The page's routes: its files, a stream of what one person sees, and what people do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from bot.errors import SwarmbotError
from sandbox.slack.base import CannotDo, Json
from sandbox.slack.page.completion import commands
from sandbox.slack.page.slack_faults import SlackFaults
from sandbox.slack.page.window import Window
from sandbox.slack.workspace import sees_file

if TYPE_CHECKING:
    from sandbox.slack.local import LocalSlack
    from sandbox.slack.page.hosts import HostsPanel
    from sandbox.tour.paced import PacedTour

FOLDER: Final = Path(__file__).with_name("web")
BUILT: Final = FOLDER / "dist"
"""Made by `npm run build`, which sandbox/setup.sh starts; never committed."""
TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".map": "application/json", ".svg": "image/svg+xml"}
QUIET_S: Final = 15.0
"""A stream without news is kept open by a comment this often."""
COLLECT_S: Final = 0.03
"""Changes within this time are sent together."""
NOT_BUILT: Final = "The page is not built: run `bash sandbox/setup.sh demo`.\n"


class Page:
    """The page of one local Slack. ``hosts`` and ``tour`` are set by the demo; without them they are not shown."""

    def __init__(self, local: LocalSlack) -> None:
        self.local = local
        self.faults = SlackFaults(local)
        self.hosts: HostsPanel | None = None
        self.tour: PacedTour | None = None
        self._streams: set[asyncio.Task[Any]] = set()

    def routes(self) -> list[web.RouteDef]:
        """Return the page's routes."""
        return [
            web.get("/", self._index),
            web.get("/page/assets/{name}", self._asset),
            web.get("/page/commands", self._commands),
            web.get("/page/events", self._events),
            web.get("/page/files/{file}", self._file),
            web.post("/page/do/{action}", self._do),
        ]

    def close(self) -> None:
        """End all streams; call it on the server's event loop."""
        for stream in self._streams:
            stream.cancel()

    async def _index(self, _request: web.Request) -> web.StreamResponse:
        if not (BUILT / "main.js").exists():
            return web.Response(text=NOT_BUILT, status=503)
        return web.FileResponse(FOLDER / "index.html", headers={"Cache-Control": "no-store"})

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        file = BUILT / request.match_info["name"]
        if file.parent != BUILT or not file.is_file():
            return web.Response(status=404)
        headers = {"Cache-Control": "no-store", "Content-Type": TYPES.get(file.suffix, "application/octet-stream")}
        return web.FileResponse(file, headers=headers)

    async def _commands(self, _request: web.Request) -> web.Response:
        return web.json_response(await asyncio.to_thread(commands))

    async def _file(self, request: web.Request) -> web.Response:
        """Return a file that the person sees now; 404 otherwise."""
        workspace, file_id = self.local.workspace, request.match_info["file"]
        with workspace.changed:
            user = self._user(request.query.get("as", ""))
            if user is None or not sees_file(workspace, user, file_id):
                return web.Response(status=404)
            file = workspace.files.find(file_id)
        headers = {} if file.is_image else {"Content-Disposition": "attachment"}
        return web.Response(
            body=file.content or b"", content_type=file.mimetype if file.is_image else "text/plain", headers=headers
        )

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Stream what one person sees. Each connection begins with all of it."""
        user = self._user(request.query.get("as", ""))
        if user is None:
            return web.json_response({"error": "there is no such person"}, status=404)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        woken, loop = asyncio.Event(), asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(woken.set)

        window = Window(self.local.workspace, user, self._parts)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a handler runs in a task
        self._streams.add(task)
        self.local.workspace.listeners.add(wake)
        try:
            await self._send(response, window, woken)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the window is closed, or the server ends
        finally:
            self.local.workspace.listeners.discard(wake)
            self._streams.discard(task)
        return response

    async def _send(self, response: web.StreamResponse, window: Window, woken: asyncio.Event) -> None:
        number, first = 0, True
        while True:
            if news := window.news():
                number += 1
                body = json.dumps(news | ({"full": True} if first else {}))
                await response.write(f"id: {number}\nevent: news\ndata: {body}\n\n".encode())
                first = False
            try:
                await asyncio.wait_for(woken.wait(), QUIET_S)
            except TimeoutError:
                await response.write(b": still here\n\n")
            await asyncio.sleep(COLLECT_S)
            woken.clear()

    async def _do(self, request: web.Request) -> web.Response:
        """Do what a person did. Answer 409 for what nobody can do in Slack, 400 for a request that makes no sense."""
        if request.content_type != "application/json":
            return web.json_response({"error": "send JSON"}, status=415)
        try:
            body = await request.json()
            action = self._actions()[request.match_info["action"]]
            result = await asyncio.to_thread(action, body)
        except (CannotDo, SwarmbotError) as error:
            return web.json_response({"error": str(error)}, status=409)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        return web.json_response({"result": result})

    def _actions(self) -> dict[str, Callable[[Json], Any]]:
        """Return what a window can do, by name; each takes the request's JSON, with the person in ``as``."""
        local = self.local
        return {
            "type": self._type,
            "click": lambda b: local.click(b["as"], b["ts"], b["action"], b.get("value"), b.get("block", "")).error,
            "click_view": lambda b: (
                local.click_in_view(b["as"], b["action"], b.get("value"), b.get("block", ""), b.get("answers")).error
            ),
            "submit": lambda b: local.submit_view(b["as"], b["answers"]).error,
            "close": lambda b: local.close_view(b["as"]),
            "home": self._home,
            "dismiss": self._dismiss,
            "fault": lambda b: self.faults.inject(b["fault"]),
            "host": lambda b: self.hosts.switch(b["host"], b["switch"], on=b["on"]) if self.hosts else None,
            "port": lambda b: self.hosts.block(b["host"], b["port"]) if self.hosts else None,
            "shortcut": lambda b: self.local.shortcut(b["as"], b["name"]).error,
            "tour": lambda b: self.tour.go_on(skip=bool(b.get("skip"))) if self.tour else None,
        }

    def _type(self, body: Json) -> str:
        """Type into the message box: the bot's command, or a message."""
        text, command = str(body["text"]).strip(), self.local.team.app.command
        word, _, rest = text.partition(" ")
        if word == command and not body.get("thread"):
            return self.local.slash(body["as"], body["channel"], rest.strip()).error
        if word == command:
            raise CannotDo("Slack takes no commands in threads: type it in the channel.")
        if word.startswith("/"):
            raise CannotDo(f"{word} is not a command of this workspace: type {command}.")
        if text:
            self.local.say(body["as"], body["channel"], text, body.get("thread", ""))
        return ""

    def _home(self, body: Json) -> None:
        """Open the Home tab. Nobody sees whether the bot took the event."""
        self.local.open_home(body["as"])

    def _dismiss(self, body: Json) -> None:
        """Remove a private message from the person's own screen, as Slack's own link does."""
        workspace = self.local.workspace
        with workspace.changed:
            message = workspace.messages.any(body["ts"])
            if message is None or message.only_for != self._user(body["as"]):
                raise CannotDo("there is no such private message")
            message.gone = True
            workspace.tell()

    def _parts(self) -> Json:
        return {
            "hosts": self.hosts.state if self.hosts else None,
            "tour": self.tour.state if self.tour else None,
            "faults": self.faults.state,
        }

    def _user(self, key: str) -> str | None:
        """Return a person's id; the bot does not count as a person."""
        try:
            user = self.local.team.user(key)
        except CannotDo:
            return None
        return None if user.is_bot else user.id
