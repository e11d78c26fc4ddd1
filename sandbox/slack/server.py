"""The HTTP server of the local Slack: /api/METHOD, /upload/KEY, /response/KEY and /socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from time import monotonic
from typing import Any

from aiohttp import web

from sandbox.slack import files
from sandbox.slack.base import Json, SlackError
from sandbox.slack.dispatcher import Dispatcher
from sandbox.slack.recording import record_call, record_response, record_upload
from sandbox.slack.responses import use_response_url
from sandbox.slack.web_api.calls import call
from sandbox.slack.web_api.registry import Args, method
from sandbox.slack.workspace import Workspace

MAX_BODY_BYTES = files.MAX_FILE_BYTES + 2 * 1024 * 1024
GONE_CODES = {"expired_url", "used_url", "invalid_url"}


@method("apps.connections.open", app_token=True)
def connections_open(_workspace: Workspace, _args: Args) -> Json:
    """Allow a connection; the server adds its single-use URL."""
    return {"url": ""}


@dataclass
class Server:
    """The routes that the bot uses, over one workspace."""

    workspace: Workspace
    dispatcher: Dispatcher

    def routes(self) -> list[web.RouteDef]:
        """Return the routes that the bot uses."""
        return [
            web.post("/api/{method}", self.api),
            web.get("/api/{method}", self.api),
            web.post("/upload/{key}", self.upload),
            web.post("/response/{key}", self.response_url),
            web.get("/socket", self.socket),
        ]

    async def api(self, request: web.Request) -> web.Response:
        """Answer a Web API call."""
        name, began = request.match_info["method"], monotonic()
        with self.workspace.changed:
            server_error = self.workspace.faults.take("http_500", name)
            lost_answer = self.workspace.faults.take("drop_after", name)
        if server_error:
            failure = {"ok": False, "error": "internal_error"}
            record_call(self.workspace, name, {}, failure, status=500, began=began, note="fault: http_500")
            return web.json_response(failure, status=500)
        await self._before(request, name)
        token, args = await _read(request)
        answer = call(self.workspace, name, token, args)
        if name == "apps.connections.open" and answer.body["ok"]:
            answer.body = self._connection()
        if "upload_url" in answer.body:
            answer.body["upload_url"] = self.dispatcher.base_url + answer.body["upload_url"]
        lost = "fault: the answer was lost" if lost_answer else ""
        record_call(self.workspace, name, args, answer.body, status=answer.status, began=began, note=lost)
        if lost_answer:
            _abort(request)
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    async def upload(self, request: web.Request) -> web.Response:
        """Store a file's content, raw or from a multipart form; 400 if it is unexpected or has the wrong length."""
        with self.workspace.changed:
            take = self.workspace.faults.take
            server_error, rate_limited = take("http_500", "upload_url"), take("rate_limited", "upload_url")
            lost_answer = take("drop_after", "upload_url")
        if server_error:
            return web.Response(status=500)
        if rate_limited:
            return web.Response(status=429, headers={"Retry-After": str(max(1, round(rate_limited.seconds)))})
        began = monotonic()
        await self._before(request, "upload_url")
        content = await _content(request)
        with self.workspace.changed:
            try:
                self.workspace.files.upload(request.match_info["key"], content)
            except SlackError as error:
                record_upload(self.workspace, len(content), status=400, began=began)
                return web.Response(status=400, text=error.code)
        record_upload(self.workspace, len(content), status=200, began=began)
        if lost_answer:
            _abort(request)
        return web.Response(text=f"OK - {len(content)}")

    async def response_url(self, request: web.Request) -> web.Response:
        """Handle a post to a response_url; 404 if the URL is no longer valid, 400 if the message is not valid."""
        with self.workspace.changed:
            server_error = self.workspace.faults.take("http_500", "response_url")
        if server_error:
            return web.Response(status=500)
        began, key = monotonic(), request.match_info["key"]
        await self._before(request, "response_url")
        try:
            body = await request.json()
        except ValueError:
            body = None
        with self.workspace.changed:
            try:
                use_response_url(self.workspace, key, body)
                answer, status = {"ok": True}, 200
            except SlackError as error:
                answer, status = error.body(), 404 if error.code in GONE_CODES else 400
            record_response(self.workspace, key, body, answer, status=status, began=began)
        return web.json_response(answer, status=status)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Serve a Socket Mode connection."""
        return await self.dispatcher.sockets.connect(request, self.workspace.clock.now())

    def _connection(self) -> Json:
        sockets = self.dispatcher.sockets
        if not (self.dispatcher.socket_mode and sockets.enabled):
            return {"ok": False, "error": "forbidden"}
        ticket = sockets.ticket(self.workspace.clock.now())
        return {"ok": True, "url": f"{self.dispatcher.base_url.replace('http', 'ws', 1)}/socket?ticket={ticket}"}

    async def _before(self, request: web.Request, name: str) -> None:
        """Wait or break the connection if a fault says so."""
        with self.workspace.changed:
            slow = self.workspace.faults.take("slow", name)
            drop = self.workspace.faults.take("drop", name)
        if slow:
            await asyncio.sleep(slow.seconds)
        if drop:
            record_call(self.workspace, name, {}, None, status=0, began=monotonic(), note="fault: the connection broke")
            _abort(request)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


async def _content(request: web.Request) -> bytes:
    if request.content_type != "multipart/form-data":
        return await request.read()
    parts = (await request.post()).values()
    return next((part.file.read() for part in parts if isinstance(part, web.FileField)), b"")


async def _read(request: web.Request) -> tuple[str, Args]:
    """Return the token and the arguments. A token in a JSON body is ignored, as Slack does."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token if scheme.lower() == "bearer" else ""
    args: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        with contextlib.suppress(json.JSONDecodeError):
            body = await request.json()
            args |= body if isinstance(body, dict) else {}
        return bearer, args
    args |= {key: value for key, value in (await request.post()).items() if isinstance(value, str)}
    return bearer or str(args.pop("token", "")), args
