"""Modals: a form that Slack opens for one person, and what comes back from it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.blocks.elements import plain_text
from bot.blocks.message import Block

TITLE: Final = 24
LABEL: Final = 2000


@dataclass(frozen=True, slots=True)
class Modal:
    """A form. ``callback`` names who takes what is submitted; ``subject`` is an opaque id that comes back with it."""

    callback: str
    subject: str
    title: str
    submit: str
    blocks: Sequence[Block]

    def view(self) -> dict[str, Any]:
        """The view for ``views.open``."""
        return {
            "type": "modal",
            "callback_id": self.callback,
            "private_metadata": self.subject,
            "title": plain_text(self.title, TITLE),
            "submit": plain_text(self.submit, TITLE),
            "close": plain_text("Back", TITLE),
            "blocks": list(self.blocks),
        }


@dataclass(frozen=True, slots=True)
class FieldErrors:
    """What is wrong with a form that stays open: field names and what to do, in plain text."""

    errors: dict[str, str]


def text_field(name: str, label: str, *, hint: str = "", multiline: bool = False, most: int = 1000) -> Block:
    """A field for text, empty allowed when ``multiline``; its value comes back under ``name``."""
    block: Block = {
        "type": "input",
        "block_id": name,
        "optional": multiline,
        "label": plain_text(label, LABEL),
        "element": {"type": "plain_text_input", "action_id": name, "multiline": multiline, "max_length": most},
    }
    return block | {"hint": plain_text(hint, LABEL)} if hint else block


def result_view(submitted: dict[str, Any], blocks: Sequence[Block]) -> dict[str, Any]:
    """The view that takes a submitted form's place and says what came of it."""
    title = (submitted.get("title") or {}).get("text") or "Swarmbot"
    close = plain_text("Close", TITLE)
    return {"type": "modal", "title": plain_text(title, TITLE), "close": close, "blocks": list(blocks)}


def values_of(view: dict[str, Any]) -> dict[str, str]:
    """The values of a submitted view's text fields, by name; what was left empty is ""."""
    state = (view.get("state") or {}).get("values") or {}
    return {
        action: str(field.get("value") or "")
        for fields in state.values()
        if isinstance(fields, dict)
        for action, field in fields.items()
        if isinstance(field, dict)
    }
