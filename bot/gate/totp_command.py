"""`/swarm totp` at the gate: who may, the worker's errand that shows the key, and the form that confirms it."""

from __future__ import annotations

import logging
import time
from typing import Final

from bot.audit import Entry
from bot.blocks import WARNING, Message, text_message, user
from bot.blocks.modals import FieldErrors, Modal, text_field
from bot.errors import NotUnderstood, Refused, Unavailable
from bot.gate.call import Call
from bot.queue.job import Order, new_id
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest, SubmitRequest
from bot.totp import Totp

FORM: Final = "totp.confirm"
CODE: Final = "code"

log = logging.getLogger(__name__)


class TotpCommand:
    """Safe to share between threads."""

    def __init__(self, queue: Queue, totp: Totp) -> None:
        self._queue = queue
        self._totp = totp

    def start(self, call: Call) -> Message | None:
        """Have a worker show the asker a key. Raises Refused when there is one already."""
        self._totp.may_enrol(call.user)
        order = call.order("concurrent")
        admission = self._queue.admit(order, [call.entry("asked", job=order.id)])
        if admission.workers:
            return None
        return text_message(f"{WARNING} Stored, but no worker is running: your key is shown here as soon as one does.")

    def reset(self, call: Call, person: str) -> Message:
        """Take somebody else's away: with one's own, a stolen Slack session would get round it."""
        if person == call.user:
            raise Refused("nobody resets their own second factor.", next_step="Another administrator does.")
        if not self._totp.reset(person, call.user):
            raise NotUnderstood(f"{user(person)} has no second factor.")
        return text_message(f"The second factor of {user(person)} is gone. `/swarm totp` sets up a new one for them.")

    def form(self, request: PressRequest) -> Modal:
        """Ask for the first code. The message's response_url goes with the form, so that the key can be hidden."""
        self._totp.may_enrol(request.user)
        field = text_field(CODE, "Code that your authenticator shows", hint="Six digits, new every 30 seconds.", most=8)
        return Modal(FORM, f"{request.value} {request.response_url}", "Second factor", "Confirm", (field,))

    def confirm(self, request: SubmitRequest) -> Message | FieldErrors:
        """Take the first code; once it is right, the message with the key goes."""
        enrolment_id, _, shown_by = request.subject.partition(" ")
        try:
            self._totp.confirm(request.user, enrolment_id, request.values.get(CODE, ""))
        except Refused as error:
            return FieldErrors({CODE: plain(error)})
        if shown_by:
            self._hide(request, shown_by)
        return text_message("✓ *Your second factor is set up.* From now on approvals that want one ask you for a code.")

    def _hide(self, request: SubmitRequest, response_url: str) -> None:
        order = Order(
            id=new_id(),
            request_key=request.request_key,
            lane="concurrent",
            command="hide",
            words="hide",
            args={},
            cluster="",
            requester=request.user,
            channel="",
            response_url=response_url,
            asked_at=time.time(),
        )
        try:
            self._queue.admit(order, [Entry("hide", request.user)])
        except Unavailable as error:  # the second factor is set up all the same
            log.warning("the message with the key of %s stays: %s", request.user, error)


def plain(error: Refused) -> str:
    """A refusal as it stands beside a form's field."""
    text = f"{error.happened} {error.next_step}".strip()
    return text[:1].upper() + text[1:]
