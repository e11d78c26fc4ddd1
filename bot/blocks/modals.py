"""Modals: forms that Slack opens for one person, and their submitted values. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.blocks import limits
from bot.blocks.elements import plain_text
from bot.blocks.message import Block

MAX_TITLE_CHARS: Final = 24
MAX_LABEL_CHARS: Final = 2000


@dataclass(frozen=True, slots=True)
class Modal:
    """A form."""

    callback: str
    """Names the handler of the submitted form."""
    private_metadata: str
    """An opaque text that comes back with the form."""
    title: str
    submit: str
    blocks: Sequence[Block]
    replaces: tuple[str, str] = ("", "")
    """The id and the hash of the open form that it takes the place of; "" for a new form."""

    def view(self) -> dict[str, Any]:
        """Return the view for ``views.open``."""
        return {
            "type": "modal",
            "callback_id": self.callback,
            "private_metadata": self.private_metadata,
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
    required: bool = True,
    max_chars: int = 1000,
    initial: str = "",
    live: bool = False,
) -> Block:
    """Return a text field; its value comes back under ``name``.

    ``initial`` is what it holds when it opens. Slack takes 3000 characters. ``live``: the bot hears of Enter in it.
    """
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": name,
        "multiline": multiline,
        "max_length": max_chars,
    }
    if initial:
        element["initial_value"] = initial
    heard = live and not multiline  # where Enter begins a new line
    if heard:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_enter_pressed"]}
    return _input(name, label, element, hint=hint, required=required, live=heard)


def choice_field(
    name: str,
    label: str,
    words: Sequence[str],
    *,
    several: bool = False,
    hint: str = "",
    required: bool = False,
    initial: str = "",
) -> Block:
    """Return a menu of up to 100 words of up to 75 characters; the bot hears of each choice.

    One word can be chosen, or ``several``: its value has them as lines.
    """
    kind = "multi_static_select" if several else "static_select"
    element: dict[str, Any] = {"type": kind, "action_id": name, "options": [_option(word) for word in words]}
    if initial:
        chosen = _option(initial)
        element |= {"initial_options": [chosen]} if several else {"initial_option": chosen}
    return _input(name, label, element, hint=hint, required=required)


def check_field(name: str, label: str, switches: Sequence[tuple[str, str]]) -> Block:
    """Return up to ten boxes, each with its value and what it does. Its value has those that are checked as lines."""
    options = [
        _option(value) | {"description": plain_text(text.replace("`", ""), limits.OPTION_CHARS)}
        for value, text in switches
    ]
    return _input(name, label, {"type": "checkboxes", "action_id": name, "options": options})


def _input(
    name: str, label: str, element: dict[str, Any], *, hint: str = "", required: bool = False, live: bool = True
) -> Block:
    block: Block = {
        "type": "input",
        "block_id": name,
        "optional": not required,
        "label": plain_text(label, MAX_LABEL_CHARS),
        "element": element,
    }
    if live:
        block["dispatch_action"] = True
    return block | {"hint": plain_text(hint, MAX_LABEL_CHARS)} if hint else block


def _option(word: str) -> dict[str, Any]:
    return {"text": plain_text(word, limits.OPTION_CHARS), "value": word}


def result_view(submitted: dict[str, Any], blocks: Sequence[Block]) -> dict[str, Any]:
    """Return the view that shows a result in place of a submitted form; {} for none: the answer to a press."""
    title = (submitted.get("title") or {}).get("text") or "Swarmbot"
    close = plain_text("Close", MAX_TITLE_CHARS)
    return {"type": "modal", "title": plain_text(title, MAX_TITLE_CHARS), "close": close, "blocks": list(blocks)}


def values_of(view: dict[str, Any]) -> dict[str, str]:
    """Return the values of a view's fields by name; "" for an empty field, lines for a field of several choices."""
    state = (view.get("state") or {}).get("values") or {}
    return {
        action: _value_of(field)
        for fields in state.values()
        if isinstance(fields, dict)
        for action, field in fields.items()
        if isinstance(field, dict)
    }


def _value_of(field: dict[str, Any]) -> str:
    """Return what was typed or chosen. The payload was not checked at this depth: malformed values become empty."""
    chosen = field.get("selected_options")
    options = chosen if isinstance(chosen, list) else [field.get("selected_option")]
    picked = [str(option.get("value") or "") for option in options if isinstance(option, dict)]
    return "\n".join(picked) if picked else str(field.get("value") or "")
