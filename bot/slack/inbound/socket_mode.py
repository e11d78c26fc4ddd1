"""Socket Mode, the other way in: Slack is connected to, so the process needs no address on the internet."""

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
from bot.slack.outbound.client import SLACK_ERRORS, TIMEOUT_S, quiet_logger, reason_of, web_client
from bot.slack.outbound.notifier import Notifier

REQUESTS_AT_ONCE: Final = 32
PING_EVERY: Final = 2.0
"""Seconds. The library takes a connection for dead after five failed pings, or four unanswered; until then it spins."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
HOPELESS: Final = {
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
    """One connection. Slack hands each request to one of an app's connections, up to ten: run as many as wanted.

    Slack's library reconnects it when it breaks or is asked to go.
    """

    def __init__(self, settings: Settings, routes: Routes) -> None:
        token = settings.need("SLACK_APP_TOKEN").reveal()
        handler = SocketModeHandler(
            routes.app,
            app_token=token,
            logger=quiet_logger("socket"),
            web_client=WebClient(base_url=settings.slack_api_url, timeout=TIMEOUT_S, logger=quiet_logger("socket")),
            ping_interval=PING_EVERY,
            concurrency=REQUESTS_AT_ONCE,
        )
        self._client = handler.client

    @property
    def connected(self) -> bool:
        """Whether the connection is up at this moment."""
        return self._client.is_connected()

    def connect(self, stop: Event) -> None:
        """Connect, trying again with growing pauses until it works or ``stop`` is set.

        Raises :class:`~bot.errors.Misconfigured` when Slack says that trying again cannot help.
        """
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                self._client.connect()
            except SLACK_ERRORS as error:
                reason = reason_of(error)
                if reason in HOPELESS:
                    raise Misconfigured(
                        f"Slack refuses Socket Mode ({reason}).",
                        next_step="See that Socket Mode is on and that SLACK_APP_TOKEN has connections:write.",
                    ) from None
                log.warning("Socket Mode: %s; trying again in %.0f s", reason, pause)
            else:
                return
            stop.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def close(self) -> None:
        """Close the connection once the requests under way are acknowledged."""
        self._client.close()


def run_socket(settings: Settings, open_gate: OpenGate) -> None:
    """Serve until SIGTERM or SIGINT; raise :class:`~bot.errors.Misconfigured` when it cannot be begun."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    confine(load(settings.config_path))
    notifier = Notifier(web_client(settings))
    routes = Routes(open_gate(settings, notifier), notifier)
    connection = SocketMode(settings, routes)
    try:
        connection.connect(stop)
        log.info("Socket Mode: %s", "ready" if connection.connected else "reconnecting")
        stop.wait()
    finally:
        connection.close()
        routes.close()
