"""Modals: forms that Slack opens for one person, and their submitted values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.blocks.elements import plain_text
from bot.blocks.message import Block

MAX_TITLE_CHARS: Final = 24
MAX_LABEL_CHARS: Final = 2000


@dataclass(frozen=True, slots=True)
class Modal:
    """A form."""

    callback: str
    """Names the handler of the submitted form."""
    subject: str
    """An opaque id that comes back with the form."""
    title: str
    submit: str
    blocks: Sequence[Block]

    def view(self) -> dict[str, Any]:
        """Return the view for ``views.open``."""
        return {
            "type": "modal",
            "callback_id": self.callback,
            "private_metadata": self.subject,
            "title": plain_text(self.title, MAX_TITLE_CHARS),
            "submit": plain_text(self.submit, MAX_TITLE_CHARS),
            "close": plain_text("Back", MAX_TITLE_CHARS),
            "blocks": list(self.blocks),
        }


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """The errors of a form that stays open: plain text by field name."""

    errors: dict[str, str]


def text_field(
    name: str,
    label: str,
    *,
    hint: str = "",
    multiline: bool = False,
    required: bool = False,
    max_chars: int = 1000,
    initial: str = "",
) -> Block:
    """Return a text field; its value comes back under ``name``. It may be empty if ``multiline``, unless ``required``.

    ``initial`` is what it holds when it opens. Slack takes 3000 characters.
    """
    block: Block = {
        "type": "input",
        "block_id": name,
        "optional": multiline and not required,
        "label": plain_text(label, MAX_LABEL_CHARS),
        "element": {"type": "plain_text_input", "action_id": name, "multiline": multiline, "max_length": max_chars},
    }
    if initial:
        block["element"]["initial_value"] = initial
    return block | {"hint": plain_text(hint, MAX_LABEL_CHARS)} if hint else block


def result_view(submitted: dict[str, Any], blocks: Sequence[Block]) -> dict[str, Any]:
    """Return the view that shows a result in place of a submitted form; {} for none: the answer to a press."""
    title = (submitted.get("title") or {}).get("text") or "Swarmbot"
    close = plain_text("Close", MAX_TITLE_CHARS)
    return {"type": "modal", "title": plain_text(title, MAX_TITLE_CHARS), "close": close, "blocks": list(blocks)}


def values_of(view: dict[str, Any]) -> dict[str, str]:
    """Return the values of a submitted view's text fields by name; "" for an empty field."""
    state = (view.get("state") or {}).get("values") or {}
    return {
        action: str(field.get("value") or "")
        for fields in state.values()
        if isinstance(fields, dict)
        for action, field in fields.items()
        if isinstance(field, dict)
    }
