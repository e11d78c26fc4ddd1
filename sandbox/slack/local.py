"""The local Slack as tests and the tour use it: a server in a thread, people that act, and waiting without polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from threading import Thread
from typing import Any, Final, Self

from aiohttp import web

from sandbox.slack.control import control_route
from sandbox.slack.deliver import ACK_SECONDS, Deliverer
from sandbox.slack.delivery import Delivery
from sandbox.slack.faults import Fault, Kind
from sandbox.slack.json_types import Json
from sandbox.slack.messages import Message
from sandbox.slack.people import People
from sandbox.slack.server import MOST_BYTES, Server
from sandbox.slack.sockets import Reason, Sockets
from sandbox.slack.transcript import Seen
from sandbox.slack.watching import Watching
from sandbox.slack.workspace import Workspace
from sandbox.slack.world import World, default_world

STOP_SECONDS: Final = 10.0
DELIVERY_SECONDS: Final = 30.0


class LocalSlack(Watching):
    """A context manager. Users and channels are named by id or name; methods raise CannotDo for the impossible.

    Entering it raises OSError when the port is taken.

    ``bot_url`` is the bot's ``/slack/events`` and may be set later; with ``socket_mode`` the bot connects instead.
    Everything that a person does returns once the bot acknowledged it (or three seconds passed).
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        bot_url: str = "",
        socket_mode: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        ack_seconds: float = ACK_SECONDS,
        rate_limits: bool = True,
    ) -> None:
        super().__init__(Workspace(world or default_world()))
        self.workspace.limits.enabled = rate_limits
        sockets = Sockets(self.world.app.id, self.workspace.tell)
        self.deliverer = Deliverer(self.workspace, sockets, "", bot_url, socket_mode, ack_seconds)
        self._address = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="local-slack", daemon=True)
        self._runner: web.AppRunner

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(STOP_SECONDS)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(STOP_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_SECONDS)
        self._loop.close()

    @property
    def url(self) -> str:
        """Where it listens, without a slash at the end."""
        return self.deliverer.base_url

    def environment(self) -> dict[str, str]:
        """Return the bot's environment variables for this Slack."""
        app = self.world.app
        env = {"SLACK_API_URL": f"{self.url}/api/", "SLACK_BOT_TOKEN": app.bot_token}
        if self.deliverer.socket_mode:
            return env | {"SLACK_APP_TOKEN": app.app_token}
        return env | {"SLACK_SIGNING_SECRET": app.signing_secret}

    def slash(self, user: str, channel: str, text: str) -> Delivery:
        """Type ``/swarm text`` in a channel."""
        return self._do(lambda people: people.slash(user, channel, text))

    def click(self, user: str, message: Message | Seen | str, action: str, value: Any = None) -> Delivery:
        """Press a button (or choose ``value``) of a message (or its ts), named by action_id or by its words."""
        ts = message if isinstance(message, str) else message.ts
        return self._do(lambda people: people.click(user, ts, action, value))

    def click_in_view(self, user: str, action: str, value: Any = None) -> Delivery:
        """Press a button in the person's topmost modal, else in Home."""
        return self._do(lambda people: people.click_in_view(user, action, value))

    def submit_view(self, user: str, answers: Json) -> Delivery:
        """Submit the topmost modal; ``answers`` by action_id or by label."""
        return self._do(lambda people: people.submit(user, answers))

    def close_view(self, user: str) -> None:
        """Close the topmost modal."""
        self._maybe(lambda people: people.close(user))

    def say(self, user: str, channel: str, text: str) -> None:
        """Write a message into a channel, or to ``@swarmbot``."""
        self._maybe(lambda people: people.say(user, channel, text))

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
        """Switch on something that goes wrong (see faults.Kind)."""
        with self.workspace.changed:
            return self.workspace.faults.add(Fault(kind, target, times, seconds, code))

    def clear_faults(self) -> None:
        """Switch all faults off."""
        with self.workspace.changed:
            self.workspace.faults.clear()

    def advance(self, seconds: float) -> None:
        """Let time pass at once: response_urls, trigger ids and rate limits follow, request signatures do not."""
        with self.workspace.changed:
            self.workspace.clock.advance(seconds)

    def disconnect(self, reason: Reason) -> None:
        """Tell the Socket Mode connections to go."""
        asyncio.run_coroutine_threadsafe(self.deliverer.sockets.disconnect(reason), self._loop).result(STOP_SECONDS)

    def drop_connections(self) -> None:
        """Break the Socket Mode connections without a word."""
        asyncio.run_coroutine_threadsafe(self.deliverer.sockets.drop(), self._loop).result(STOP_SECONDS)

    def _do(self, act: Callable[[People], Delivery]) -> Delivery:
        with self.workspace.changed:
            delivery = act(People(self.workspace, self.url))
        future = asyncio.run_coroutine_threadsafe(self.deliverer.deliver(delivery), self._loop)
        return future.result(DELIVERY_SECONDS)

    def _maybe(self, act: Callable[[People], Delivery | None]) -> None:
        with self.workspace.changed:
            delivery = act(People(self.workspace, self.url))
        if delivery is not None:
            self._do(lambda _: delivery)

    async def _start(self) -> None:
        app = web.Application(client_max_size=MOST_BYTES)
        app.add_routes([*Server(self.workspace, self.deliverer).routes(), control_route(self)])
        self._runner = web.AppRunner(app, handle_signals=False, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        host, port = self._address
        await web.TCPSite(self._runner, host, port).start()
        self.deliverer.base_url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        await self.deliverer.sockets.drop()
        await self._runner.cleanup()
