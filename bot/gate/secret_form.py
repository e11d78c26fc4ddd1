"""The form of a command that needs a secret. A press opens it; submitted, it is read back as that command."""

from __future__ import annotations

import json
from typing import Final

from bot.blocks.modals import FieldErrors, Modal, text_field
from bot.commands import Command, CommandRegistry, SecretField
from bot.errors import NotUnderstood
from bot.gate.call import Call, repeat
from bot.gate.form_metadata import form_metadata
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.queue.secret_inbox import SecretInbox
from bot.secrets.secret import Secret
from bot.slack.inbound.requests import PressRequest, SubmitRequest
from bot.stored_json import from_plain

CALLBACK: Final = "secret.give"
FIELD: Final = "secret"


class SecretForm:
    """Safe to share between threads. The form carries the id of the job that asked for the secret, and a place.

    The caller authorises each call.
    """

    def __init__(self, commands: CommandRegistry, queue: Queue, secret_inbox: SecretInbox) -> None:
        self._commands = commands
        self._queue = queue
        self._secret_inbox = secret_inbox

    def call(self, request: PressRequest) -> Call:
        """Return the call that a pressed button asks a secret for. Raise NotUnderstood for an unknown button."""
        job, command, _ = self._asked(request.value)
        return repeat(command, job.order.args, request, job)

    def open(self, request: PressRequest) -> Modal:
        """Return the form. Raise Refused if secrets cannot be encrypted."""
        self._secret_inbox.require()
        job, command, secret_field = self._asked(request.value)
        metadata = {"job": job.id, "channel": request.channel, "response_url": request.response_url}
        field = text_field(FIELD, secret_field.label, hint=secret_field.hint, max_chars=200)
        title = f"{command.name} in {job.order.cluster}"
        return Modal(CALLBACK, json.dumps(metadata), title, command.name.title(), (field,))

    def read(self, request: SubmitRequest) -> Call | FieldErrors:
        """Return the call that a form was opened for, with the secret. Raise NotUnderstood for an unknown form."""
        metadata = form_metadata(request.private_metadata, "job", "channel", "response_url")
        job, command, secret_field = self._asked(metadata["job"])
        typed = request.values.get(FIELD, "").strip()
        if not typed.startswith(secret_field.begins):
            return FieldErrors({FIELD: f"{secret_field.label} must begin with {secret_field.begins}: enter all of it."})
        return Call(
            command=command,
            arguments=from_plain(command.arguments, dict(job.order.args)),
            words=job.order.words,
            cluster=job.order.cluster,
            user=request.user,
            channel=metadata["channel"],
            response_url=metadata["response_url"],
            request_key=request.request_key,
            reason=job.order.reason,
            accepts_costs=job.order.accepts_costs,
            secret=Secret(typed),
        )

    def keep(self, call: Call) -> str:
        """Store a call's secret for the worker and return its id; "" if it has none."""
        return self._secret_inbox.keep(call.user, call.secret) if call.secret is not None else ""

    def drop(self, call: Call, secret_id: str) -> None:
        """Delete it: no job will take it."""
        self._secret_inbox.take(call.user, secret_id)

    def _asked(self, job_id: str) -> tuple[Job, Command, SecretField]:
        """Return the job that asked for a secret, with its command and the secret."""
        job = self._queue.get(job_id)
        command = self._commands.get(job.order.command) if job is not None else None
        if job is None or command is None or command.asks is None:
            raise NotUnderstood(
                "The job of this form was deleted, or is from another version of Swarmbot.",
                next_step="Run the command again.",
            )
        return job, command, command.asks
