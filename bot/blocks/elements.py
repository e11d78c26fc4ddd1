"""Builders of single blocks. Text is mrkdwn unless the docstring says plain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any, Literal

from bot.blocks import limits
from bot.blocks.message import Block, Message
from bot.secrets.secret import Secret
from bot.text.mrkdwn import cut, cut_short, escape

FENCE = "```"
EMPTY = "-"


def mrkdwn(text: str | Secret, limit: int = limits.SECTION_CHARS) -> dict[str, Any]:
    """Return a text object. A secret is not cut: half a token is worse than an error from Slack."""
    return {"type": "mrkdwn", "text": text if isinstance(text, Secret) else cut(text, limit) or EMPTY}


def plain_text(text: str, limit: int) -> dict[str, Any]:
    """Return a text object that Slack shows without formatting."""
    return {"type": "plain_text", "text": cut_short(text, limit) or EMPTY, "emoji": False}


def section(text: str, accessory: dict[str, Any] | None = None) -> Block:
    """Return a paragraph, with an optional button beside it."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block if accessory is None else block | {"accessory": accessory}


def text_message(text: str) -> Message:
    """Return a message of one paragraph."""
    return Message(text, (section(text),))


def paragraphs(lines: Iterable[str]) -> list[Block]:
    """Return the lines in as few sections as possible. A line that fits into a section is not split."""
    packed: list[str] = []
    for line in lines:
        if packed and len(packed[-1]) + 1 + len(line) <= limits.SECTION_CHARS:
            packed[-1] += "\n" + line
        else:
            packed.append(line)
    return [section(text) for text in packed]


def fields(pairs: Sequence[tuple[str, str]]) -> Block:
    """Return up to 10 pairs of name and value in two columns; the last one counts the rest."""
    texts = [f"*{name}*\n{value}" for name, value in pairs]
    if len(texts) > limits.MAX_FIELDS:
        room = limits.MAX_FIELDS - 1
        texts = [*texts[:room], f"and {len(texts) - room} more left out"]
    return {"type": "section", "fields": [mrkdwn(text, limits.FIELD_CHARS) for text in texts]}


def context(*texts: str) -> Block:
    """Return small grey text in up to 10 pieces; the rest is joined to the last one."""
    room = limits.MAX_CONTEXT_ELEMENTS - 1
    pieces = [*texts[:room], " · ".join(texts[room:])] if len(texts) > limits.MAX_CONTEXT_ELEMENTS else texts
    return {"type": "context", "elements": [mrkdwn(text) for text in pieces]}


def header(text: str) -> Block:
    """Return a heading: plain text, up to 150 characters."""
    return {"type": "header", "text": plain_text(text, limits.HEADER_CHARS)}


def divider() -> Block:
    """Return a horizontal line."""
    return {"type": "divider"}


def button(
    text: str,
    action: str,
    value: str = "",
    *,
    style: Literal["primary", "danger"] | None = None,
    confirm: str = "",
) -> dict[str, Any]:
    """Return a button. ``value`` is an opaque id, looked up when pressed; ``confirm`` is shown before the press counts.

    Raises ValueError if the action or the value exceeds Slack's limits, because neither can be cut.
    """
    if not action or len(action) > limits.ACTION_ID_CHARS or len(value) > limits.VALUE_CHARS:
        raise ValueError(f"an action of {len(action)} characters with a value of {len(value)} does not fit a button")
    element: dict[str, Any] = {"type": "button", "text": plain_text(text, limits.BUTTON_CHARS), "action_id": action}
    if value:
        element["value"] = value
    if style:
        element["style"] = style
    if confirm:
        element["confirm"] = {
            "title": plain_text(text, limits.CONFIRM_TITLE_CHARS),
            "text": plain_text(confirm, limits.CONFIRM_TEXT_CHARS),
            "confirm": plain_text(text, limits.CONFIRM_BUTTON_CHARS),
            "deny": plain_text("Back", limits.CONFIRM_BUTTON_CHARS),
        }
    return element


def overflow(action: str, choices: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return a menu of up to five choices, each with its label and value. One whose value is too long is left out."""
    options = [
        {"text": plain_text(label, limits.OPTION_CHARS), "value": value}
        for label, value in choices
        if len(value) <= limits.OPTION_VALUE_CHARS
    ]
    return {"type": "overflow", "action_id": action, "options": options[: limits.MAX_OVERFLOW]}


def actions(*buttons: dict[str, Any]) -> Block:
    """Return a row of up to 25 buttons.

    Slack requires unique action_ids in a block: a second "retry" is sent as "retry#2", and inbound/ removes the number.
    """
    seen: dict[str, count[int]] = {}
    elements = []
    for element in buttons[: limits.MAX_ACTIONS]:
        number = next(seen.setdefault(element["action_id"], count(1)))
        elements.append(element if number == 1 else element | {"action_id": f"{element['action_id']}#{number}"})
    return {"type": "actions", "elements": elements}


def code(*parts: str | Secret) -> Block:
    """Return monospaced text. If a part is a Secret, the whole text is one until it is sent."""
    if any(isinstance(part, Secret) for part in parts):
        text = "".join(part.reveal() if isinstance(part, Secret) else part for part in parts)
        return {"type": "section", "text": mrkdwn(Secret(f"{FENCE}{escape(text)}{FENCE}"))}
    text = escape("".join(str(part) for part in parts)).replace(FENCE, "'''")
    return section(f"{FENCE}{cut(text, limits.SECTION_CHARS - 2 * len(FENCE)) or ' '}{FENCE}")
