"""The form of a command that needs a secret. A submitted form is read back as that command."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from pydantic import TypeAdapter

from bot.blocks.modals import FieldErrors, Modal, text_field
from bot.commands import CommandRegistry, SecretField
from bot.errors import NotUnderstood
from bot.gate.call import Call
from bot.queue.secret_inbox import SecretInbox
from bot.secrets.redact import redact
from bot.secrets.secret import Secret
from bot.slack.inbound.requests import SubmitRequest

CALLBACK: Final = "secret.give"
FIELD: Final = "secret"
MAX_METADATA_CHARS: Final = 3000
"""Slack's limit for a view's ``private_metadata``."""
CALL_FIELDS: Final = ("words", "cluster", "channel", "response_url", "reason", "only_plan")


class SecretForm:
    """Safe to share between threads. The content of a form is not trusted: the caller authorises it again."""

    def __init__(self, commands: CommandRegistry, secret_inbox: SecretInbox) -> None:
        self._commands = commands
        self._secret_inbox = secret_inbox

    def open(self, call: Call, secret_field: SecretField) -> Modal:
        """Return the form for a call. Raises Refused if secrets cannot be encrypted."""
        self._secret_inbox.require()
        carried = {name: getattr(call, name) for name in CALL_FIELDS}
        subject = json.dumps({"command": call.command.name, "args": asdict(call.arguments), **carried})
        if len(subject) > MAX_METADATA_CHARS:
            raise NotUnderstood("The command is too long for its form.", next_step="Give a shorter reason.")
        field = text_field(FIELD, secret_field.label, hint=secret_field.hint, max_chars=200)
        return Modal(CALLBACK, subject, f"{call.command.name} in {call.cluster}", call.command.name.title(), (field,))

    def read(self, request: SubmitRequest) -> Call | FieldErrors:
        """Return the call that a form was opened for, with the secret. Raises NotUnderstood for an unknown form."""
        carried = json.loads(request.subject)
        command = self._commands.get(carried.pop("command"))
        if command is None or command.asks is None:
            raise NotUnderstood("This form is from another version of Swarmbot.", next_step="Run the command again.")
        secret_field = command.asks
        typed = request.values.get(FIELD, "").strip()
        if not typed.startswith(secret_field.begins):
            return FieldErrors({FIELD: f"It must begin with {secret_field.begins}: enter all of it."})
        return Call(
            command=command,
            arguments=TypeAdapter(command.arguments).validate_python(carried.pop("args")),
            user=request.user,
            request_key=request.request_key,
            secret=Secret(typed),
            **{**carried, "words": redact(carried["words"])},
        )

    def keep(self, call: Call) -> str:
        """Store a call's secret for the worker and return its id; "" if it has none."""
        return self._secret_inbox.keep(call.user, call.secret) if call.secret is not None else ""

    def drop(self, call: Call, given_id: str) -> None:
        """Delete it: no job will take it."""
        self._secret_inbox.take(call.user, given_id)
