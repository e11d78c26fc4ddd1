"""Asking the gate so that Slack has an answer in time, whatever the gate meets."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from bot.blocks.failure import error_message
from bot.blocks.message import Message
from bot.blocks.modals import FieldErrors, Modal
from bot.errors import Defect, SwarmbotError, Unavailable
from bot.slack.inbound.requests import PressRequest, ReplacingMessage, SlashRequest, SubmitRequest
from bot.slack.outbound.notifier import Notifier, Undelivered

IN_TIME: Final = 2.2
"""Seconds: Slack shows an error after three, the way there and back and the queue before us included."""
AT_ONCE: Final = 4
"""Requests at the gate side by side. Each appends to one audit chain, so more only make each other try again: with 50
clients p99 was 108 and 78 ms at 4, 145 and 126 ms at 8 (two runs each, taken in turn on a busy 2-core machine). The
rest wait here, and can still be taken back."""
TELLERS: Final = 16
NOTHING_DONE: Final = "Nothing was done."

log = logging.getLogger(__name__)

Answer = Message | Modal | FieldErrors | None
Request = SlashRequest | PressRequest | SubmitRequest


class Responder:
    """Asks on threads of its own; what is late is told by the request's response_url when it comes."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="gate")
        self._tellers = ThreadPoolExecutor(TELLERS, thread_name_prefix="answer")

    def ask(self, question: Callable[[], Answer], request: Request) -> Answer:
        """Return what the gate says, or what its error says to a person, or that it is late."""
        future = self._threads.submit(_answer, question)
        try:
            return future.result(IN_TIME)
        except TimeoutError:
            if future.cancel():
                return _nothing_done(Unavailable("Swarmbot has too much to do.", next_step="Ask again in a minute."))
        log.warning("the gate is late for %s", request.user)
        future.add_done_callback(lambda done: self._tell_late(request, done))
        late = Unavailable(
            "Redis or Slack takes long.",
            true_now="It is not known yet whether your request was stored.",
            next_step="You are told here when it is.",
        )
        return error_message(late, "*Not yet*")

    def tell(self, request: Request, message: Message) -> None:
        """Answer by the response_url, beside the ack."""
        self._tellers.submit(self._tell, request, message)

    def open(self, request: SlashRequest | PressRequest, modal: Modal) -> None:
        """Open a form for who asked, beside the ack: Slack takes the trigger for three seconds."""
        self._tellers.submit(self._open, request, modal)

    def close(self) -> None:
        """Finish what is under way."""
        self._threads.shutdown()
        self._tellers.shutdown()

    def _tell_late(self, request: Request, done: Future[Answer]) -> None:
        answer = done.result()
        if isinstance(answer, Modal | FieldErrors):
            answer = error_message(Unavailable("The form comes too late.", next_step="Ask again."))
        if answer is not None:
            self._tell(request, answer)

    def _open(self, request: SlashRequest | PressRequest, modal: Modal) -> None:
        try:
            self._notifier.open_modal(request.trigger_id, modal.view())
        except Undelivered as error:
            log.warning("the form for %s: %s", request.user, error.reason)
            again = Unavailable("Slack did not open the form.", true_now=NOTHING_DONE, next_step="Ask again.")
            self._tell(request, error_message(again))

    def _tell(self, request: Request, message: Message) -> None:
        try:
            if isinstance(request, SubmitRequest):
                self._notifier.post(request.user, message)
            else:
                self._notifier.respond(
                    request.response_url,
                    message,
                    user=request.user,
                    channel=request.channel,
                    replace=isinstance(message, ReplacingMessage),
                )
        except Undelivered as error:
            log.warning("the answer to %s: %s", request.user, error.reason)
        except Exception:
            log.exception("the answer to %s", request.user)


def _answer(question: Callable[[], Answer]) -> Answer:
    try:
        return question()
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
    true_now = error.true_now or NOTHING_DONE
    told = Unavailable(error.happened, true_now=true_now, next_step=error.next_step)
    taken = "was not" if true_now == NOTHING_DONE else "may not have been"
    return error_message(told, f"*Your request {taken} taken*")
