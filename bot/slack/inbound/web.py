"""The web process: /slack/events behind its checks, /healthz, /readyz and /metrics."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Protocol

from bot.config import load
from bot.settings import Settings
from bot.slack.inbound.guards import RequestGuard, SlackWsgiAdapter
from bot.slack.inbound.import_guard import confine
from bot.slack.inbound.readiness import Readiness
from bot.slack.inbound.requests import OpenGate
from bot.slack.inbound.routes import Routes
from bot.slack.inbound.server import serve
from bot.slack.inbound.signature_log import SignatureLog
from bot.slack.outbound.block_age import SharedBlockAge
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier
from bot.store.client import MONITORING_TIMEOUTS, connect

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

EVENTS: Final = "/slack/events"
THREADS: Final = 64
"""More than deadline.GATE_THREADS, so that some can still answer while the gate waits for a slow Redis."""
FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA")
"""Headers of a request that came through a reverse proxy, so perhaps from the internet: it gets no /metrics."""

log = logging.getLogger(__name__)


class MetricsLike(Protocol):
    """The metrics of this process."""

    shown: bool
    """Whether /metrics shows them here."""

    def acknowledged(self, seconds: float) -> None:
        """Note how long a request of Slack's took."""

    def page(self) -> tuple[str, bytes]:
        """Return the type and the body of /metrics."""


OpenMetrics = Callable[[Settings], MetricsLike]


class Web:
    """The WSGI application."""

    def __init__(
        self,
        routes: Routes,
        signing_secret: str,
        readiness: Readiness,
        signatures: SignatureLog,
        metrics: MetricsLike | None = None,
    ) -> None:
        self._guard = RequestGuard(signing_secret, signatures)
        self._signatures = signatures
        self._events = SlackWsgiAdapter(routes.app, EVENTS)
        self._readiness = readiness
        self._metrics = metrics

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request."""
        path = environ.get("PATH_INFO", "")
        if path == EVENTS:
            rejected = self._guard.rejection(environ)
            return _respond(start_response, rejected) if rejected else self._timed_event(environ, start_response)
        metrics = self._metrics_for(environ) if path == "/metrics" else None
        if metrics is None and path not in {"/healthz", "/readyz"}:
            return _respond(start_response, 404)
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return _respond(start_response, 405)
        if metrics is None:
            response = self._health(path, start_response)
        else:
            content_type, body = metrics.page()
            response = _send(start_response, HTTPStatus.OK, body, content_type)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else response

    def _metrics_for(self, environ: WSGIEnvironment) -> MetricsLike | None:
        """Return the metrics, if they are shown here and no reverse proxy has forwarded the request."""
        shown = self._metrics is not None and self._metrics.shown and environ.keys().isdisjoint(FORWARDED)
        return self._metrics if shown else None

    def _health(self, path: str, start_response: StartResponse) -> Iterable[bytes]:
        problems = self._readiness.problems() if path == "/readyz" else {}
        content: dict[str, Any] = {"ok": not problems, "problems": problems}
        if path == "/readyz" and self._signatures.secret_may_be_wrong:
            content["warnings"] = ["No request had a signature that SLACK_SIGNING_SECRET matches."]
        return _respond(start_response, 503 if problems else 200, content)

    def _timed_event(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = time.monotonic()
        response = self._events(environ, start_response)
        if self._metrics is not None:
            self._metrics.acknowledged(time.monotonic() - began)
        return response


def _respond(start_response: StartResponse, status: int, content: dict[str, Any] | None = None) -> Iterable[bytes]:
    known = HTTPStatus(status)
    body = json.dumps(content or {"error": known.phrase.lower()}).encode()
    return _send(start_response, known, body, "application/json")


def _send(start_response: StartResponse, status: HTTPStatus, body: bytes, content_type: str) -> Iterable[bytes]:
    headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers.append(("Allow", "POST, GET"))
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]


def web_application(
    settings: Settings, open_gate: OpenGate, open_metrics: OpenMetrics | None = None
) -> WSGIApplication:
    """Return the application with connections of its own; raise :class:`~bot.errors.Misconfigured`."""
    secret = settings.need("SLACK_SIGNING_SECRET").reveal()
    redis = connect(settings.redis_url, MONITORING_TIMEOUTS)
    notifier = Notifier(web_client(settings), SharedBlockAge(redis, web_client(settings, retries=False)))
    routes = Routes(open_gate(settings, notifier), notifier, secret)
    metrics = open_metrics(settings) if open_metrics else None
    return Web(routes, secret, Readiness(redis, settings.config_path), SignatureLog(redis), metrics)


def run_web(settings: Settings, open_gate: OpenGate, open_metrics: OpenMetrics | None = None) -> None:
    """Serve until a signal ends the process. Raises :class:`~bot.errors.Misconfigured` before it serves anything."""
    settings.need("SLACK_SIGNING_SECRET")
    settings.need("SLACK_BOT_TOKEN")
    confine(load(settings.config_path))
    serve(web_application(settings, open_gate, open_metrics), settings.port, THREADS)
