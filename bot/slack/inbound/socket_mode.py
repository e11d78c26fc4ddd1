"""Socket Mode: the process connects to Slack, so it needs no address on the internet."""

from __future__ import annotations

import logging
import signal
from threading import Event
from typing import Final

from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk import WebClient

from bot.config import load
from bot.errors import Misconfigured
from bot.settings import Settings
from bot.slack.inbound.import_guard import confine
from bot.slack.inbound.requests import OpenGate
from bot.slack.inbound.routes import Routes
from bot.slack.outbound.block_age import SharedBlockAge
from bot.slack.outbound.client import SLACK_ERRORS, TIMEOUT_S, quiet_logger, reason_of, web_client
from bot.slack.outbound.notifier import Notifier
from bot.store.client import MONITORING_TIMEOUTS, connect

PARALLEL_REQUESTS: Final = 32
RECEIVE_BYTES: Final = 16 * 1024
"""The most bytes read in one call: a TLS record. With the default of Slack's library, 1,024, it parses each request in
two parts: an acknowledgement costs 9 % more CPU (docs/decisions/0053)."""
PING_INTERVAL_S: Final = 2.0
"""Slack's library drops a connection after five failed or four unanswered pings; until then it runs in a busy loop."""
MIN_PAUSE_S: Final = 1.0
MAX_PAUSE_S: Final = 30.0
PERMANENT_ERRORS: Final = {
    "invalid_auth",
    "not_authed",
    "not_allowed_token_type",
    "token_revoked",
    "token_expired",
    "account_inactive",
    "missing_scope",
    "forbidden",
    "no_permission",
}

log = logging.getLogger(__name__)


class SocketMode:
    """One connection. An app may have ten, and Slack sends each request to one of them.

    Slack's library reconnects it.
    """

    def __init__(self, settings: Settings, routes: Routes) -> None:
        token = settings.need("SLACK_APP_TOKEN").reveal()
        handler = SocketModeHandler(
            routes.app,
            app_token=token,
            logger=quiet_logger("socket"),
            web_client=WebClient(base_url=settings.slack_api_url, timeout=TIMEOUT_S, logger=quiet_logger("socket")),
            ping_interval=PING_INTERVAL_S,
            concurrency=PARALLEL_REQUESTS,
            receive_buffer_size=RECEIVE_BYTES,
        )
        self._client = handler.client

    @property
    def connected(self) -> bool:
        """Whether the connection is up now."""
        return self._client.is_connected()

    def connect(self, stop: Event) -> None:
        """Connect; retry with growing pauses until it works or ``stop`` is set.

        Raises :class:`~bot.errors.Misconfigured` if retrying cannot help.
        """
        pause = MIN_PAUSE_S
        while not stop.is_set():
            try:
                self._client.connect()
            except SLACK_ERRORS as error:
                reason = reason_of(error)
                if reason in PERMANENT_ERRORS:
                    raise Misconfigured(
                        f"Slack refuses Socket Mode ({reason}).",
                        next_step="Switch Socket Mode on, and give SLACK_APP_TOKEN the scope connections:write.",
                    ) from None
                log.warning("Socket Mode: %s; retrying in %.0f s", reason, pause)
            else:
                return
            stop.wait(pause)
            pause = min(2 * pause, MAX_PAUSE_S)

    def close(self) -> None:
        """Close the connection after the running requests are acknowledged."""
        self._client.close()


def run_socket(settings: Settings, open_gate: OpenGate) -> None:
    """Serve until SIGTERM or SIGINT. Raises :class:`~bot.errors.Misconfigured` if it cannot start."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    confine(load(settings.config_path))
    redis = connect(settings.redis_url, MONITORING_TIMEOUTS)
    notifier = Notifier(web_client(settings), SharedBlockAge(redis, web_client(settings, retries=False)))
    routes = Routes(open_gate(settings, notifier), notifier)
    connection = SocketMode(settings, routes)
    try:
        connection.connect(stop)
        log.info("Socket Mode: %s", "ready" if connection.connected else "reconnecting")
        stop.wait()
    finally:
        connection.close()
        routes.close()
