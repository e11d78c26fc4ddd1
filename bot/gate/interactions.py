"""Buttons and forms. They carry a job's id and nothing that is trusted: everything is read again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from bot.approvals.voting import WrongCode
from bot.audit import Entry
from bot.blocks import Message, text_message, tick
from bot.blocks.modals import FieldErrors, Modal, text_field
from bot.errors import NotUnderstood, Refused
from bot.gate.call import Call, again
from bot.gate.services import GateServices
from bot.gate.totp_command import CODE, FORM, plain
from bot.queue.job import Job, Order, new_id
from bot.slack.inbound.requests import PressRequest, SubmitRequest

REASON: Final = "reason"
AGAIN: Final = {"answer.refresh", "job.retry", "approval.again"}

Take = Callable[[Call], Message | Modal | None]


class Interactions:
    """What presses and forms do. ``take`` carries a command on as if it had been typed."""

    def __init__(self, services: GateServices, take: Take) -> None:
        self._commands = services.commands
        self._queue = services.queue
        self._voting = services.voting
        self._factor = services.totp_command
        self._take = take

    def press(self, request: PressRequest) -> Message | Modal | None:
        """Take a button; what is returned is for the presser alone."""
        if request.action == "secret.hide":
            self._errand(request, "hide", cluster="")
            return None
        if request.action.startswith("approval.") and request.action not in AGAIN:
            return self._vote(request)
        if request.action == "totp.code":
            return self._factor.form(request)
        job = self._queue.get(request.value) if request.value else None
        if job is None:
            raise NotUnderstood("This button belongs to a job that is not kept any more.", next_step="Ask again.")
        if request.action == "answer.share":
            if job.order.requester != request.user:
                raise Refused("only who asked can share an answer.")
            self._errand(request, "share", cluster=job.order.cluster)
            return None
        if request.action == "job.cancel":
            return self._take(again(self._commands["cancel"], {"id": job.id}, request, job))
        return self._again(request, job)

    def submit(self, request: SubmitRequest) -> Message | FieldErrors | None:
        """Take a form."""
        if request.callback == "approval.deny":
            return text_message(
                self._voting.deny(request.subject, request.user, request.values.get(REASON, "").strip())
            )
        if request.callback == "approval.code":
            code = request.values.get(CODE, "").strip()
            try:
                return text_message(self._voting.approve(request.subject, request.user, code))
            except WrongCode as error:
                return FieldErrors({CODE: plain(error)})
        if request.callback == FORM:
            return self._factor.confirm(request)
        raise NotUnderstood("This form is from an older Swarmbot.", next_step="Ask again with `/swarm`.")

    def _vote(self, request: PressRequest) -> Message | Modal:
        job_id = request.value
        match request.action:
            case "approval.approve":
                if self._voting.show(job_id, request.user, "approve").request.second_factor:
                    return _code_form(job_id)
                return text_message(self._voting.approve(job_id, request.user, ""))
            case "approval.deny":
                self._voting.show(job_id, request.user, "deny")
                return _denial_form(job_id)
            case "approval.withdraw":
                return text_message(self._voting.withdraw(job_id, request.user))
            case _:
                raise NotUnderstood("This button is from an older Swarmbot.", next_step="Ask again with `/swarm`.")

    def _again(self, request: PressRequest, job: Job) -> Message | Modal | None:
        if request.action not in AGAIN or job.order.command not in self._commands:
            raise NotUnderstood("This button is from an older Swarmbot.", next_step="Ask again with `/swarm`.")
        if request.action != "answer.refresh" and not job.ended:
            raise Refused(f"job {tick(job.id)} has not ended.", next_step=f"`/swarm job {job.id}` shows it.")
        refresh = request.action == "answer.refresh"
        return self._take(again(self._commands[job.order.command], job.order.args, request, job, replace=refresh))

    def _errand(self, request: PressRequest, errand: str, cluster: str) -> None:
        order = Order(
            id=new_id(),
            request_key=request.request_key,
            lane="concurrent",
            command=errand,
            words=errand,
            args={"job": request.value},
            cluster=cluster,
            requester=request.user,
            channel=request.channel,
            response_url=request.response_url,
            asked_at=time.time(),
        )
        entry = Entry(errand, request.user, cluster=cluster, channel=request.channel, job=request.value)
        self._queue.admit(order, [entry])


def _denial_form(job_id: str) -> Modal:
    field = text_field(REASON, "Why not?", hint="Shown on the card and to who asked.", multiline=True)
    return Modal("approval.deny", job_id, "Deny", "Deny", (field,))


def _code_form(job_id: str) -> Modal:
    field = text_field(CODE, "Code of your authenticator", hint="Six digits. /swarm totp sets it up.", most=8)
    return Modal("approval.code", job_id, "Approve", "Approve", (field,))
