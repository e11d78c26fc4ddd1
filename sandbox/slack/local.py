"""The local Slack as tests and the tour use it: a server in a thread, and methods for what people do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Thread
from typing import Any, Final, Self

from aiohttp import web

from sandbox.slack.base import Json
from sandbox.slack.control import control_route
from sandbox.slack.delivery import Delivery
from sandbox.slack.dispatcher import ACK_TIMEOUT_S, Dispatcher
from sandbox.slack.faults import Fault, Kind
from sandbox.slack.messages import Message
from sandbox.slack.observer import Observer
from sandbox.slack.page.guard import LOOPBACK, guard
from sandbox.slack.page.page import Page
from sandbox.slack.people import People
from sandbox.slack.server import MAX_BODY_BYTES, Server
from sandbox.slack.sockets import Reason, Sockets
from sandbox.slack.team import Team, demo_team
from sandbox.slack.transcript import TranscriptEntry
from sandbox.slack.workspace import Workspace

STOP_TIMEOUT_S: Final = 10.0
DELIVERY_TIMEOUT_S: Final = 30.0
LAST_REQUESTS_S: Final = 0.1
"""How long running requests may continue when it stops."""


class LocalSlack(Observer):
    """A context manager that serves a workspace; entering it raises OSError if the port is in use.

    Users and channels are named by id or name. Methods raise CannotDo for what no person can do.
    ``bot_url`` is the bot's ``/slack/events`` and can be set later; with ``socket_mode`` the bot connects instead.
    Each action of a person returns when the bot has acknowledged it, or after three seconds.
    """

    def __init__(
        self,
        team: Team | None = None,
        *,
        bot_url: str = "",
        socket_mode: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        rate_limits: bool = True,
    ) -> None:
        super().__init__(Workspace(team or demo_team()))
        self.workspace.limits.enabled = rate_limits
        sockets = Sockets(self.team.app.id, self.workspace.tell)
        self.dispatcher = Dispatcher(self.workspace, sockets, "", bot_url, socket_mode, ack_timeout_s)
        self.page = Page(self)
        self._address = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="local-slack", daemon=True)
        self._runner: web.AppRunner

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(STOP_TIMEOUT_S)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(STOP_TIMEOUT_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_TIMEOUT_S)
        self._loop.close()

    @property
    def url(self) -> str:
        """Its URL, without a slash at the end."""
        return self.dispatcher.base_url

    def environment(self) -> dict[str, str]:
        """Return the bot's environment variables for this Slack."""
        app = self.team.app
        env = {"SLACK_API_URL": f"{self.url}/api/", "SLACK_BOT_TOKEN": app.bot_token}
        if self.dispatcher.socket_mode:
            return env | {"SLACK_APP_TOKEN": app.app_token}
        return env | {"SLACK_SIGNING_SECRET": app.signing_secret}

    def slash(self, user: str, channel: str, text: str) -> Delivery:
        """Type ``/swarm text`` in a channel."""
        return self._do(lambda people: people.slash(user, channel, text))

    def shortcut(self, user: str, callback_id: str) -> Delivery:
        """Choose a shortcut of the app."""
        return self._do(lambda people: people.shortcut(user, callback_id))

    def click(
        self, user: str, message: Message | TranscriptEntry | str, action: str, value: Any = None, block_id: str = ""
    ) -> Delivery:
        """Press a button, or choose ``value`` in a menu, of a message (or its ts), by action_id or label."""
        ts = message if isinstance(message, str) else message.ts
        return self._do(lambda people: people.click(user, ts, action, value, block_id))

    def click_in_view(
        self, user: str, action: str, value: Any = None, block_id: str = "", answers: Json | None = None
    ) -> Delivery:
        """Press a button in the person's topmost modal, in whose inputs are ``answers``, or in Home if none is open."""
        return self._do(lambda people: people.click_in_view(user, action, value, block_id, answers))

    def submit_view(self, user: str, answers: Json) -> Delivery:
        """Submit the topmost modal; ``answers`` by action_id or by label."""
        return self._do(lambda people: people.submit(user, answers))

    def close_view(self, user: str) -> None:
        """Close the topmost modal."""
        self._do_if_sent(lambda people: people.close(user))

    def close_views(self) -> None:
        """Close all modals of everybody, without notifying the bot."""
        with self.workspace.changed:
            for user in self.team.users:
                self.workspace.views.close(user)

    def say(self, user: str, channel: str, text: str, thread_ts: str = "") -> None:
        """Write a message into a channel, into a thread, or to ``@swarmbot``."""
        self._do_if_sent(lambda people: people.say(user, channel, text, thread_ts))

    def open_home(self, user: str) -> Delivery:
        """Open the app's Home tab."""
        return self._do(lambda people: people.open_home(user))

    def fault(
        self,
        kind: Kind,
        target: str = "*",
        times: int | None = None,
        seconds: float = 1.0,
        code: str = "internal_error",
    ) -> Fault:
        """Inject a fault (see faults.Kind)."""
        with self.workspace.changed:
            return self.workspace.faults.add(Fault(kind, target, times, seconds, code))

    def clear_faults(self) -> None:
        """Remove all faults."""
        with self.workspace.changed:
            self.workspace.faults.clear()

    def advance(self, seconds: float) -> None:
        """Move Slack's clock forward, for response_urls, trigger ids and rate limits; not for request signatures."""
        with self.workspace.changed:
            self.workspace.clock.advance(seconds)

    def disconnect(self, reason: Reason) -> None:
        """Send a disconnect message to the Socket Mode connections."""
        asyncio.run_coroutine_threadsafe(self.dispatcher.sockets.disconnect(reason), self._loop).result(STOP_TIMEOUT_S)

    def drop_connections(self) -> None:
        """Break the Socket Mode connections without a disconnect message."""
        asyncio.run_coroutine_threadsafe(self.dispatcher.sockets.drop(), self._loop).result(STOP_TIMEOUT_S)

    def _do(self, act: Callable[[People], Delivery]) -> Delivery:
        with self.workspace.changed:
            delivery = act(People(self.workspace, self.url))
        future = asyncio.run_coroutine_threadsafe(self.dispatcher.deliver(delivery), self._loop)
        return future.result(DELIVERY_TIMEOUT_S)

    def _do_if_sent(self, act: Callable[[People], Delivery | None]) -> None:
        with self.workspace.changed:
            delivery = act(People(self.workspace, self.url))
        if delivery is not None:
            self._do(lambda _: delivery)

    async def _start(self) -> None:
        host, port = self._address
        app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[guard(host)])
        own = [control_route(self), *(self.page.routes() if host in LOOPBACK else [])]
        app.add_routes([*Server(self.workspace, self.dispatcher).routes(), *own])
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=LAST_REQUESTS_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.dispatcher.base_url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        self.page.close()
        await self.dispatcher.sockets.drop()
        await self._runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}  # requests whose client is still connected
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
