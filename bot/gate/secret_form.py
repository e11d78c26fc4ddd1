"""The form of a command that asks for a secret: opened in the command's place, and read back as that command."""

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
MOST: Final = 3000
"""Characters of a view's ``private_metadata``."""
CARRIED: Final = ("words", "cluster", "channel", "response_url", "reason", "only_plan")


class SecretForm:
    """Safe to share between threads. What the form carries is not trusted: who may is decided again."""

    def __init__(self, commands: CommandRegistry, secret_inbox: SecretInbox) -> None:
        self._commands = commands
        self._secret_inbox = secret_inbox

    def open(self, call: Call, asks: SecretField) -> Modal:
        """The form for a call. Raises Refused when nothing could be kept safe."""
        self._secret_inbox.require()
        carried = {name: getattr(call, name) for name in CARRIED}
        subject = json.dumps({"command": call.command.name, "args": asdict(call.arguments), **carried})
        if len(subject) > MOST:
            raise NotUnderstood("That is too long for the form that comes next.", next_step="Give a shorter reason.")
        field = text_field(FIELD, asks.label, hint=asks.hint, most=200)
        return Modal(CALLBACK, subject, f"{call.command.name} in {call.cluster}", call.command.name.title(), (field,))

    def read(self, request: SubmitRequest) -> Call | FieldErrors:
        """The call that a form was opened for, with the secret; NotUnderstood for a form of an older Swarmbot."""
        carried = json.loads(request.subject)
        command = self._commands.get(carried.pop("command"))
        if command is None or command.asks is None:
            raise NotUnderstood("This form is from an older Swarmbot.", next_step="Ask again with `/swarm`.")
        asks = command.asks
        typed = request.values.get(FIELD, "").strip()
        if not typed.startswith(asks.begins):
            return FieldErrors({FIELD: f"It begins with {asks.begins}: give the whole of it."})
        return Call(
            command=command,
            arguments=TypeAdapter(command.arguments).validate_python(carried.pop("args")),
            user=request.user,
            request_key=request.request_key,
            secret=Secret(typed),
            **{**carried, "words": redact(carried["words"])},
        )

    def keep(self, call: Call) -> str:
        """Keep a call's secret for the worker, and return its id; "" when it has none."""
        return self._secret_inbox.keep(call.user, call.secret) if call.secret is not None else ""

    def drop(self, call: Call, given_id: str) -> None:
        """Forget it: the job that would take it is another's."""
        self._secret_inbox.take(call.user, given_id)
