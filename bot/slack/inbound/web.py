"""The web process: gunicorn, /slack/events behind its checks, /healthz and /readyz."""

from __future__ import annotations

import json
import logging
import socket
import struct
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped] # gunicorn has no types of its own

from bot.config import load
from bot.settings import Settings
from bot.slack.inbound.guards import RequestGuard, SlackWsgiAdapter
from bot.slack.inbound.import_guard import confine
from bot.slack.inbound.readiness import Readiness
from bot.slack.inbound.requests import OpenGate
from bot.slack.inbound.routes import Routes
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier
from bot.store.client import Timeouts, connect

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

EVENTS: Final = "/slack/events"
WORKERS: Final = 1
"""A second process competes for the head of the audit chain: slower, as bench/acks.py measured."""
THREADS: Final = 64
"""More than deadline.GATE_THREADS, so that some can still answer while the gate waits for a slow Redis."""
CLIENT_TIMEOUT_S: Final = 5
READINESS_TIMEOUTS: Final = Timeouts(reply_s=1, connect_s=1, retries=0)

log = logging.getLogger(__name__)


class Web:
    """The WSGI application."""

    def __init__(self, routes: Routes, signing_secret: str, readiness: Readiness) -> None:
        self._guard = RequestGuard(signing_secret)
        self._events = SlackWsgiAdapter(routes.app, EVENTS)
        self._readiness = readiness

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request."""
        path = environ.get("PATH_INFO", "")
        if path == EVENTS:
            rejected = self._guard.rejection(environ)
            return _respond(start_response, rejected) if rejected else self._events(environ, start_response)
        if path not in {"/healthz", "/readyz"}:
            return _respond(start_response, 404)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _respond(start_response, 405)
        problems = self._readiness.problems() if path == "/readyz" else {}
        return _respond(start_response, 503 if problems else 200, {"ok": not problems, "problems": problems})


def _respond(start_response: StartResponse, status: int, content: dict[str, Any] | None = None) -> Iterable[bytes]:
    known = HTTPStatus(status)
    body = json.dumps(content or {"error": known.phrase.lower()}).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append(("Allow", "POST, GET"))
    start_response(f"{known.value} {known.phrase}", headers)
    return [body]


def web_application(settings: Settings, open_gate: OpenGate) -> WSGIApplication:
    """Return the application with connections of its own; raise :class:`~bot.errors.Misconfigured`."""
    secret = settings.need("SLACK_SIGNING_SECRET").reveal()
    notifier = Notifier(web_client(settings))
    routes = Routes(open_gate(settings, notifier), notifier, secret)
    return Web(routes, secret, Readiness(connect(settings.redis_url, READINESS_TIMEOUTS), settings.config_path))


class _Server(BaseApplication):  # type: ignore[misc] # likewise
    def __init__(self, settings: Settings, open_gate: OpenGate) -> None:
        self._settings = settings
        self._open_gate = open_gate
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"0.0.0.0:{self._settings.port}",
            "worker_class": "gthread",
            "workers": WORKERS,
            "threads": THREADS,
            "keepalive": 75,
            "timeout": 30,
            "graceful_timeout": 10,
            "control_socket_disable": True,
            "loglevel": self._settings.log_level.lower(),
            "proc_name": "swarmbot-web",
            "when_ready": _bound_slow_clients,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        """Return the application; called in each gunicorn worker, because a fork cannot share connections."""
        return web_application(self._settings, self._open_gate)


def _bound_slow_clients(server: Any) -> None:
    """Set a timeout for each read and write; accepted connections inherit it from the listener."""
    seconds = struct.pack("ll", CLIENT_TIMEOUT_S, 0)
    for listener in server.LISTENERS:
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)


def run_web(settings: Settings, open_gate: OpenGate) -> None:
    """Serve until a signal ends the process. Raises :class:`~bot.errors.Misconfigured` before it serves anything.

    ``open_gate`` is called once in each gunicorn worker.
    """
    settings.need("SLACK_SIGNING_SECRET")
    settings.need("SLACK_BOT_TOKEN")
    confine(load(settings.config_path))
    _Server(settings, open_gate).run()
