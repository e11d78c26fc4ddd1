"""The form of a command that needs a long text. It opens at once; submitted, it is the command with the text."""

from __future__ import annotations

import json
from typing import Final

from bot.blocks.modals import Modal, text_field
from bot.commands import TextField
from bot.errors import NotUnderstood
from bot.gate.call import Call
from bot.gate.form_metadata import form_metadata
from bot.secrets.secret import Secret
from bot.slack.inbound.requests import SlashRequest, SubmitRequest

CALLBACK: Final = "text.give"
FIELD: Final = "text"
MAX_CHARS: Final = 3000
"""Slack accepts no more in a text field, and no more as the metadata of a form."""


def text_form(call: Call, field: TextField, request: SlashRequest, last: Secret | None) -> Modal:
    """Return the form for a command; ``last`` is what it holds when it opens.

    Raise NotUnderstood if the command is too long to come back with the form.
    """
    metadata = json.dumps(
        {
            "text": request.text,
            "cluster": call.cluster,
            "channel": request.channel,
            "response_url": request.response_url,
        }
    )
    if len(metadata) > MAX_CHARS:
        raise NotUnderstood("This command is too long for a form.", next_step="Shorten its `--reason`.")
    initial = last.reveal() if last else ""
    block = text_field(FIELD, field.label, hint=field.hint, multiline=True, max_chars=MAX_CHARS, initial=initial)
    return Modal(CALLBACK, metadata, f"{call.command.name} in {call.cluster}", call.command.name.title(), (block,))


def submitted_command(request: SubmitRequest) -> tuple[SlashRequest, str, str]:
    """Return the command of a submitted form as if it were typed now, its cluster, and the text.

    The command comes back from Slack, so it is parsed and authorised again, for the person who submitted the form.
    Raise NotUnderstood for an unknown form.
    """
    metadata = form_metadata(request.private_metadata, "text", "cluster", "channel", "response_url")
    place = (metadata["channel"], metadata["response_url"], request.request_key)
    return SlashRequest(metadata["text"], request.user, *place, ""), metadata["cluster"], request.values.get(FIELD, "")
