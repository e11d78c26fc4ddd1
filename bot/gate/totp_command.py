"""`/swarm totp`: start an enrolment, confirm it with the first code, and reset a second factor."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from bot.audit import Entry
from bot.blocks import WARNING, Message, text_message, user
from bot.blocks.modals import FieldErrors, Modal, text_field
from bot.commands.forms import plain_problem
from bot.errors import NotUnderstood, Refused, Unavailable
from bot.gate.call import Call, internal_order
from bot.queue.end_messages import shown_privately
from bot.queue.queue import Queue
from bot.slack.inbound.requests import PressRequest, SubmitRequest
from bot.totp import Totp

FORM_CALLBACK: Final = "totp.confirm"
CODE: Final = "code"

log = logging.getLogger(__name__)


class TotpCommand:
    """Safe to share between threads."""

    def __init__(self, queue: Queue, totp: Totp) -> None:
        self._queue = queue
        self._totp = totp

    def start(self, call: Call) -> Message | None:
        """Make a worker show the requester a key. Raises Refused if there is one already."""
        self._totp.may_enrol(call.user)
        order = call.order("concurrent")
        admission = self._queue.admit(order, [call.entry("asked", job=order.id)])
        if admission.workers:
            return shown_privately(call.user) if call.thread else None
        return text_message(f"{WARNING} Stored, but no worker is running: your key is shown here when one does.")

    def reset(self, call: Call, person: str) -> Message:
        """Delete another person's second factor; one's own could be deleted by a stolen Slack session."""
        if person == call.user:
            raise Refused("you cannot reset your own second factor.", next_step="Ask another administrator.")
        if not self._totp.reset(person, call.user):
            raise NotUnderstood(f"{user(person)} has no second factor.")
        return text_message(
            f"The second factor of {user(person)} was deleted. To set up a new one, they run `/swarm totp`."
        )

    def form(self, request: PressRequest) -> Modal:
        """Return the form for the first code. It carries the message's response_url, so that the key can be hidden."""
        self._totp.may_enrol(request.user)
        field = text_field(
            CODE, "Code of your authenticator app", hint="Six digits, new every 30 seconds.", max_chars=8
        )
        return Modal(FORM_CALLBACK, f"{request.value} {request.response_url}", "Second factor", "Confirm", (field,))

    def confirm(self, request: SubmitRequest) -> Message | FieldErrors:
        """Confirm the enrolment with the first code, then hide the message with the key."""
        enrolment_id, _, shown_by = request.private_metadata.partition(" ")
        try:
            self._totp.confirm(request.user, enrolment_id, request.values.get(CODE, ""))
        except Refused as error:
            return FieldErrors({CODE: plain_problem(error)})
        if shown_by:
            self._hide(request, shown_by)
        return text_message(
            "✓ *Your second factor is set up.* Approvals that need a second factor will ask you for a code."
        )

    def _hide(self, request: SubmitRequest, response_url: str) -> None:
        order = replace(internal_order("hide", request, args={}, cluster=""), response_url=response_url)
        try:
            self._queue.admit(order, [Entry("hide", request.user, question=True)])
        except Unavailable as error:
            log.warning("the message with the key of %s was not hidden: %s", request.user, error)
