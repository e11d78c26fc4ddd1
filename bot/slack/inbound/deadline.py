"""Call the gate so that Slack gets an answer in time."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from bot.blocks.elements import section
from bot.blocks.failure import error_message
from bot.blocks.message import Message
from bot.blocks.modals import FieldErrors, Modal, result_view
from bot.errors import Defect, SwarmbotError, Unavailable
from bot.slack.inbound.requests import PressRequest, ReplacingMessage, SlashRequest, SubmitRequest
from bot.slack.outbound.notifier import Notifier, Undelivered
from bot.slack.outbound.payload import payload

ANSWER_TIMEOUT_S: Final = 2.2
"""Slack shows an error after 3 s, including the network and the queue before this process."""
GATE_THREADS: Final = 4
"""Parallel calls of the gate. Each appends to one audit chain, so more calls only make each other retry: with 50
clients p99 was 108 and 78 ms with 4 threads, 145 and 126 ms with 8 (two runs each, alternating, on a busy 2-core
machine). The other requests wait, and can still be cancelled."""
REPLY_THREADS: Final = 16
MAX_WAITING_ANSWERS: Final = 1000
"""Answers that wait while Slack is slow or limits the rate; each may take half a minute then. Later answers would come
too late for the person who pressed, and memory is finite."""
NOTHING_DONE: Final = "Nothing was done."

log = logging.getLogger(__name__)

Answer = Message | Modal | FieldErrors | None
Request = SlashRequest | PressRequest | SubmitRequest


@dataclass(frozen=True, slots=True)
class NotStored(Message):
    """The answer to a request that was not stored, or not yet."""

    final: bool = True
    """False if it is unknown whether the request is stored."""


class Responder:
    """Calls the gate in threads; a late answer goes to the request's response_url."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self._gate_threads = ThreadPoolExecutor(GATE_THREADS, thread_name_prefix="gate")
        self._reply_threads = ThreadPoolExecutor(REPLY_THREADS, thread_name_prefix="answer")
        self._waiting_answers = threading.BoundedSemaphore(MAX_WAITING_ANSWERS)

    def ask(self, call: Callable[[], Answer], request: Request) -> Answer:
        """Return the gate's answer, the message of its error, or a message that it is late."""
        future = self._gate_threads.submit(_answer, call)
        try:
            return future.result(ANSWER_TIMEOUT_S)
        except TimeoutError:
            if future.cancel():
                return _nothing_done(Unavailable("Swarmbot is overloaded.", next_step="Try again in a minute."))
        log.warning("the answer to %s is late", request.user)
        future.add_done_callback(lambda done: self._tell_late(request, done))
        late = Unavailable(
            "Redis or Slack is slow.",
            true_now="It is unknown whether your request was stored.",
            next_step="A message here will say so when it is.",
        )
        message = error_message(late, "*No answer yet*")
        return NotStored(message.text, message.blocks, message.plain, final=False)

    def tell(self, request: Request, message: Message) -> None:
        """Answer by the response_url, in parallel with the ack."""
        self._in_turn(request, lambda: self._tell(request, message))

    def show(self, request: SlashRequest | PressRequest, message: Message) -> None:
        """Answer requests without a response_url with a view: a press in Home or in a form, and a shortcut."""
        self._in_turn(request, lambda: self._show(request, message))

    def open(self, request: SlashRequest | PressRequest, modal: Modal) -> None:
        """Open a form for the person of the request, in parallel with the ack: the trigger is valid for 3 s."""
        self._in_turn(request, lambda: self._open(request, modal))

    def close(self) -> None:
        """Finish the running calls."""
        self._gate_threads.shutdown()
        self._reply_threads.shutdown()

    def _in_turn(self, request: Request, send: Callable[[], None]) -> None:
        """Send in another thread, unless too many wait already."""
        if not self._waiting_answers.acquire(blocking=False):
            log.warning("the answer to %s was dropped: %s others wait for Slack", request.user, MAX_WAITING_ANSWERS)
            return
        self._reply_threads.submit(send).add_done_callback(lambda _: self._waiting_answers.release())

    def _tell_late(self, request: Request, done: Future[Answer]) -> None:
        answer = done.result()
        if isinstance(answer, Modal | FieldErrors):
            answer = error_message(Unavailable("It is too late to open the form.", next_step=_again(request)))
        if answer is not None:
            self._tell(request, answer)

    def _show(self, request: SlashRequest | PressRequest, message: Message) -> None:
        view = result_view({}, payload(message, plain=True).get("blocks") or [section(message.text)])
        try:
            self._notifier.open_modal(request.trigger_id, view, above=_in_modal(request))
        except Undelivered as error:
            log.warning("the view for %s: %s", request.user, error.reason)
            self._tell(request, message)

    def _open(self, request: SlashRequest | PressRequest, modal: Modal) -> None:
        if modal.replaces[0]:
            self._update(request, modal)
            return
        try:
            self._notifier.open_modal(request.trigger_id, modal.view(), above=_in_modal(request))
        except Undelivered as error:
            log.warning("the form for %s: %s", request.user, error.reason)
            again = Unavailable("Slack did not open the form.", true_now=NOTHING_DONE, next_step=_again(request))
            self._tell(request, error_message(again))

    def _update(self, request: SlashRequest | PressRequest, modal: Modal) -> None:
        """Replace an open form. If the form has changed since, its next change shows what is newer."""
        try:
            self._notifier.update_modal(*modal.replaces, modal.view())
        except Undelivered as error:
            log.info("the open form of %s: %s", request.user, error.reason)

    def _tell(self, request: Request, message: Message) -> None:
        try:
            if isinstance(request, SubmitRequest):
                self._notifier.post(request.user, message)
            elif isinstance(request, SlashRequest) and request.thread:
                self._notifier.post(request.channel, message, thread=request.thread)
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


def _answer(call: Callable[[], Answer]) -> Answer:
    try:
        return call()
    except Unavailable as error:
        log.warning("%s", error)
        return _nothing_done(error)
    except SwarmbotError as error:
        return error_message(error)
    except Exception:
        reference = secrets.token_hex(4)
        log.exception("defect %s", reference)
        return error_message(Defect(reference))


def _in_modal(request: SlashRequest | PressRequest) -> bool:
    return isinstance(request, PressRequest) and request.view == "modal"


def _again(request: Request) -> str:
    """Return what to do if a form did not open."""
    return "Run the command again." if isinstance(request, SlashRequest) else "Press the button again."


def _nothing_done(error: Unavailable) -> Message:
    """Return the message for an error: nothing was done, unless the error says that this is unknown."""
    true_now = error.true_now or NOTHING_DONE
    unavailable = Unavailable(error.happened, true_now=true_now, next_step=error.next_step)
    nothing = true_now == NOTHING_DONE
    message = error_message(unavailable, f"*Your request {'was not' if nothing else 'may not have been'} accepted*")
    return NotStored(message.text, message.blocks, message.plain, final=nothing)
