"""Buttons and forms. Only the job's id comes from them; everything else is read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bot.approvals.voting import WrongCode
from bot.audit import Entry
from bot.blocks import Message, text_message, tick, user
from bot.blocks.modals import FieldErrors, Modal, text_field
from bot.commands.forms import plain_problem
from bot.commands.grammar import PLAN_FLAG
from bot.errors import NotUnderstood, Refused
from bot.execution.progress_card import RUN_PLAN
from bot.gate.call import Call, internal_order, repeat
from bot.gate.form_metadata import other_version
from bot.gate.services import GateServices
from bot.gate.totp_command import CODE, FORM_CALLBACK
from bot.model import Plan
from bot.queue.job import Job
from bot.slack.inbound.requests import (
    PressRequest,
    ReplacingMessage,
    SlashRequest,
    SubmitRequest,
    press_as_command,
)
from bot.stored_json import from_json

REASON: Final = "reason"
REPEAT_BUTTONS: Final = {"answer.refresh", "job.retry", "approval.again", RUN_PLAN}

Take = Callable[[Call], Message | None]


class Interactions:
    """Handles presses and forms.

    ``take`` runs a command as if it had been typed. ``authorise`` raises Refused if the person may not run it now.
    """

    def __init__(self, services: GateServices, take: Take, authorise: Callable[[Call], None]) -> None:
        self._commands = services.commands
        self._queue = services.queue
        self._voting = services.voting
        self._totp_command = services.totp_command
        self._take = take
        self._authorise = authorise

    def press(self, request: PressRequest) -> Message | Modal | None:
        """Handle the press of a button; the answer is for the person who pressed."""
        if request.action == "secret.hide":
            self._queue_internal(request, "hide", cluster="")
            return None
        if request.action.startswith("approval.") and request.action not in REPEAT_BUTTONS:
            return self._vote(request)
        if request.action == "totp.code":
            return self._totp_command.form(request)
        job = self._queue.get(request.value) if request.value else None
        if job is None:
            raise NotUnderstood("The job of this button has been deleted.", next_step="Run the command again.")
        if request.action == "answer.share":
            if job.order.requester != request.user:
                raise Refused(f"only {user(job.order.requester)} can share this answer.")
            self._queue_internal(request, "share", cluster=job.order.cluster)
            return None
        if request.action == "job.cancel":
            return self._take(repeat(self._commands["cancel"], {"id": job.id}, request, job))
        return self._repeat(request, job)

    def offered(self, request: PressRequest) -> tuple[SlashRequest, str]:
        """Return what the button at the end of a change prepares, as if it had been typed with ``--plan``; the cluster.

        The person who presses it sees the present plan, and a button that runs it.
        """
        job = self._queue.get(request.value) if request.value else None
        offer = from_json(Plan, job.plan).offer if job is not None and job.plan else ""
        if job is None or not offer:
            raise NotUnderstood("The job of this button has been deleted.", next_step="`/swarm rebalance` moves tasks.")
        return replace(press_as_command(request), text=f"{offer} {PLAN_FLAG}"), job.order.cluster

    def submit(self, request: SubmitRequest) -> Message | FieldErrors | None:
        """Handle a submitted form."""
        if request.callback == "approval.deny":
            return text_message(
                self._voting.deny(request.private_metadata, request.user, request.values.get(REASON, "").strip())
            )
        if request.callback == "approval.code":
            code = request.values.get(CODE, "").strip()
            try:
                return text_message(self._voting.approve(request.private_metadata, request.user, code))
            except WrongCode as error:
                return FieldErrors({CODE: plain_problem(error)})
        if request.callback == FORM_CALLBACK:
            return self._totp_command.confirm(request)
        raise other_version()

    def _vote(self, request: PressRequest) -> Message | Modal:
        job_id = request.value
        match request.action:
            case "approval.approve":
                approval_request = self._voting.show(job_id, request.user, "approve").request
                if approval_request.confirmation:
                    return self._proceed(request)
                if approval_request.second_factor:
                    return _code_form(job_id)
                return text_message(self._voting.approve(job_id, request.user, ""))
            case "approval.deny":
                self._voting.show(job_id, request.user, "deny")
                return _denial_form(job_id)
            case "approval.withdraw":
                private = self._voting.find(job_id).request.confirmation
                answer = text_message(self._voting.withdraw(job_id, request.user))
                return ReplacingMessage(answer.text, answer.blocks) if private else answer
            case _:
                raise other_version("button")

    def _proceed(self, request: PressRequest) -> Message:
        """Start a change that only its requester must confirm, if they may still run it."""
        job = self._queue.get(request.value)
        if job is None or job.order.command not in self._commands:
            raise other_version("button")
        self._authorise(repeat(self._commands[job.order.command], job.order.args, request, job))
        answer = text_message(self._voting.approve(job.id, request.user, ""))
        return ReplacingMessage(answer.text, answer.blocks)

    def _repeat(self, request: PressRequest, job: Job) -> Message | None:
        if request.action not in REPEAT_BUTTONS or job.order.command not in self._commands:
            raise other_version("button")
        if request.action != "answer.refresh" and not job.ended:
            raise Refused(f"job {tick(job.id)} has not ended.", next_step=f"`/swarm job {job.id}` shows its state.")
        refresh, run = request.action == "answer.refresh", request.action == RUN_PLAN
        command = self._commands[job.order.command]
        return self._take(repeat(command, job.order.args, request, job, replace=refresh, run=run))

    def _queue_internal(self, request: PressRequest, command: str, cluster: str) -> None:
        order = internal_order(command, request, args={"job": request.value}, cluster=cluster)
        entry = Entry(command, request.user, cluster=cluster, channel=request.channel, job=request.value, question=True)
        self._queue.admit(order, [entry])


def _denial_form(job_id: str) -> Modal:
    hint = "Shown on the card and to the requester."
    field = text_field(REASON, "Reason", hint=hint, multiline=True, required=False)
    return Modal("approval.deny", job_id, "Deny", "Deny", (field,))


def _code_form(job_id: str) -> Modal:
    field = text_field(CODE, "Code of your authenticator app", hint="Six digits. /swarm totp sets it up.", max_chars=8)
    return Modal("approval.code", job_id, "Approve", "Approve", (field,))
