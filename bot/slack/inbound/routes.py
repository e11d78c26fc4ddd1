"""The only listeners: each command, press and form goes to the gate and gets an answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from slack_bolt import Ack, App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware import Middleware
from slack_sdk import WebClient

from bot.blocks.message import Message
from bot.blocks.modals import FieldErrors, Modal, result_view
from bot.errors import Unavailable
from bot.slack.inbound.deadline import NotStored, Responder
from bot.slack.inbound.mentions import mention_request
from bot.slack.inbound.payloads import problem_of
from bot.slack.inbound.requests import GateLike, press_request, shortcut_request, slash_request, submit_request
from bot.slack.outbound.client import quiet_logger
from bot.slack.outbound.notifier import Notifier
from bot.slack.outbound.payload import payload

LISTENER_THREADS: Final = 32
ANYTHING: Final = re.compile("")

Body = dict[str, Any]

log = logging.getLogger(__name__)


class Routes:
    """The Bolt app of a gate. ``signing_secret`` is for HTTP; Socket Mode authenticates its connection."""

    def __init__(self, gate: GateLike, notifier: Notifier, signing_secret: str = "") -> None:
        self._gate = gate
        self._by_socket = not signing_secret
        self._responder = Responder(notifier)
        self._listeners = ThreadPoolExecutor(LISTENER_THREADS, thread_name_prefix="listener")
        # Bolt gets no token: no listener needs one, and its auth.test would delay the first ack.
        self.app = App(
            # At each start it warns that it does not use the bot token in the environment.
            logger=quiet_logger("bolt", logging.ERROR),
            name="swarmbot",
            process_before_response=True,
            signing_secret=signing_secret,
            client=WebClient(),
            authorize=lambda: AuthorizeResult(enterprise_id=None, team_id=None),
            before_authorize=_RefuseMalformed(),
            request_verification_enabled=bool(signing_secret),
            listener_executor=self._listeners,
        )
        self.app.command(ANYTHING)(self._command)
        self.app.shortcut(ANYTHING)(self._shortcut)
        self.app.block_action(ANYTHING)(self._press)
        self.app.view(ANYTHING)(self._submit)
        self.app.event(ANYTHING)(self._event)

    def close(self) -> None:
        """Finish the running answers."""
        self._responder.close()
        self._listeners.shutdown()

    def _command(self, ack: Ack, body: Body) -> None:
        request = slash_request(body)
        answer = self._responder.ask(lambda: self._gate.slash(request), request)
        if isinstance(answer, Message):
            ack({"response_type": "ephemeral", **payload(answer, plain=True)})
            return
        if isinstance(answer, Modal):
            self._responder.open(request, answer)
        ack()

    def _shortcut(self, ack: Ack, body: Body) -> None:
        """Show the menu in a view, because a shortcut has neither a channel nor a response_url."""
        request = shortcut_request(body)
        answer = self._responder.ask(lambda: self._gate.slash(request), request)
        if isinstance(answer, Message):
            self._responder.show(request, answer)
        ack()

    def _press(self, ack: Ack, body: Body) -> None:
        """Answer by the response_url, because Slack does not show the body of a press's ack."""
        request = press_request(body)
        answer = self._responder.ask(lambda: self._gate.press(request), request)
        if isinstance(answer, Modal):
            self._responder.open(request, answer)
        elif isinstance(answer, Message):
            (self._responder.show if request.view else self._responder.tell)(request, answer)
        ack()

    def _submit(self, ack: Ack, body: Body) -> None:
        """Replace the form by the answer; with field errors, keep it open."""
        request = submit_request(body)
        answer = self._responder.ask(lambda: self._gate.submit(request), request)
        if isinstance(answer, FieldErrors):
            ack(response_action="errors", errors=answer.errors)
        elif isinstance(answer, Modal):
            ack(response_action="update", view=answer.view())
        elif isinstance(answer, Message):
            ack(response_action="update", view=result_view(body["view"], payload(answer, plain=True)["blocks"]))
        else:
            ack()

    def _event(self, body: Body) -> BoltResponse | None:
        """Answer a message to the bot in its thread; acknowledge all other events, which Slack would send again.

        An order that is not stored is not acknowledged. If its person was told so, Slack must not deliver it again: in
        Socket Mode only an acknowledgement can say that.
        """
        if body["event"]["type"] == "app_home_opened":
            return self._home(body["event"])
        request = mention_request(body)
        if request is None:
            return None
        answer = self._responder.ask(lambda: self._gate.mention(request), request.command)
        if isinstance(answer, Message):
            self._responder.tell(request.command, answer)
        if not isinstance(answer, NotStored) or (answer.final and self._by_socket):
            return None
        return BoltResponse(status=503, headers={"x-slack-no-retry": "1"} if answer.final else {})

    def _home(self, event: Body) -> BoltResponse | None:
        """Publish the Home that somebody opened. The app's other tab sends the same event."""
        if event.get("tab") in {None, "home"} and isinstance(event.get("user"), str):
            try:
                self._gate.home_opened(event["user"], empty=not event.get("view"))
            except Unavailable as error:
                log.warning("the Home of %s: %s", event["user"], error)
                return BoltResponse(status=503)
        return None


class _RefuseMalformed(Middleware):
    """Checks a payload before anything else in Bolt reads it."""

    def process(
        self,
        *,
        req: BoltRequest,
        resp: BoltResponse,
        next: Callable[[], BoltResponse],  # noqa: A002 - Bolt passes it by this name
    ) -> BoltResponse:
        problem = problem_of(req.body)
        if not problem:
            next()
            return resp
        log.warning("a signed payload was refused: %s", problem)
        return BoltResponse(status=400, body={"error": "malformed"})
