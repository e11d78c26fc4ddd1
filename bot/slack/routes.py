"""The only listeners: every command and press goes to the gate, and every one gets an answer."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from slack_bolt import Ack, App, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot.errors import Defect, SwarmbotError, Unavailable
from bot.slack.blocks.failure import error_message
from bot.slack.blocks.message import Message
from bot.slack.client import quiet_logger
from bot.slack.notifier import Notifier, Undelivered
from bot.slack.requests import GateLike, PressRequest, press_request, slash_request, well_formed
from bot.slack.wire import payload

ANSWERERS: Final = 16
ANYTHING: Final = re.compile("")

log = logging.getLogger(__name__)

Body = dict[str, Any]


class Routes:
    """The Bolt app over a gate. ``signing_secret`` is checked for HTTP; Socket Mode's connection proves itself."""

    def __init__(self, gate: GateLike, notifier: Notifier, signing_secret: str = "") -> None:
        self._gate = gate
        self._notifier = notifier
        self._answerers = ThreadPoolExecutor(ANSWERERS, thread_name_prefix="answer")
        # Bolt gets no token: no listener needs one, and asking Slack who we are would delay the first ack.
        self.app = App(
            logger=quiet_logger("bolt"),
            name="swarmbot",
            process_before_response=True,
            signing_secret=signing_secret,
            client=WebClient(),
            authorize=lambda: AuthorizeResult(enterprise_id=None, team_id=None),
            before_authorize=_refuse_malformed,
            request_verification_enabled=bool(signing_secret),
            listener_executor=self._answerers,
        )
        self.app.command(ANYTHING)(self._command)
        self.app.block_action(ANYTHING)(self._press)
        self.app.event(ANYTHING)(_event)

    def close(self) -> None:
        """Finish the answers under way."""
        self._answerers.shutdown()

    def _command(self, ack: Ack, body: Body) -> None:
        request = slash_request(body)
        message = _answer(lambda: self._gate.slash(request))
        if message is None:
            ack()
        else:
            ack({"response_type": "ephemeral", **payload(message, plain=True)})

    def _press(self, ack: Ack, body: Body) -> None:
        """Slack shows nothing of the body of a press's ack: the answer goes by its response_url, beside the ack."""
        request = press_request(body)
        message = _answer(lambda: self._gate.press(request))
        if message is not None:
            self._answerers.submit(self._tell, request, message)
        ack()

    def _tell(self, request: PressRequest, message: Message) -> None:
        try:
            self._notifier.respond(request.response_url, message, user=request.user, channel=request.channel)
        except Undelivered as error:
            log.warning("the answer to a press of %s by %s: %s", request.action, request.user, error)
        except Exception:
            log.exception("the answer to a press of %s by %s", request.action, request.user)


def _answer(ask: Callable[[], Message | None]) -> Message | None:
    """Return what the gate says, or what its error says to a person."""
    try:
        return ask()
    except Unavailable as error:
        log.warning("%s", error)
        return _nothing_done(error)
    except SwarmbotError as error:
        return error_message(error)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("defect %s", reference)
        return error_message(Defect(reference))


def _nothing_done(error: Unavailable) -> Message:
    """Say that nothing was done, unless the error says that it is not known."""
    if error.true_now:
        return error_message(error, "*Your request was not taken*")
    told = Unavailable(error.happened, true_now="Nothing was done.", next_step=error.next_step)
    return error_message(told, "*Nothing was done*")


def _refuse_malformed(body: Body, next: Callable[[], None]) -> BoltResponse | None:  # noqa: A002 - Bolt passes it by name
    if not well_formed(body):
        return BoltResponse(status=400, body={"error": "malformed"})
    next()
    return None


def _event(ack: Ack) -> None:
    """Acknowledge events: none is of interest yet, and an unacknowledged one is sent again and again."""
    ack()
