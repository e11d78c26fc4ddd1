"""A message: a line for notifications and screen readers, and its blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator

from bot.blocks import limits
from bot.secrets.secret import Secret
from bot.text.mrkdwn import cut

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A message for Slack."""

    text: str
    """Shown where blocks are not. Must not contain a secret."""
    blocks: Annotated[Sequence[Block], AfterValidator(tuple)] = ()
    plain: Annotated[Sequence[Block], AfterValidator(tuple)] = ()
    """The same in older blocks, for a Slack that returns ``invalid_blocks`` and for the body of a 200, where an error
    would not be seen. Empty if ``blocks`` with tables as text will do.
    """


def holds_secret(part: object) -> bool:
    """Return whether a tree of blocks contains a Secret."""
    if isinstance(part, dict):
        return any(map(holds_secret, part.values()))
    if isinstance(part, list | tuple):
        return any(map(holds_secret, part))
    return isinstance(part, Secret)


def fit(message: Message) -> Message:
    """Return the message within Slack's limits: 50 blocks, 4000 characters of text.

    Blocks are dropped from the end, but not a last row of buttons.
    """
    return Message(cut(message.text, limits.TEXT_CHARS) or "-", _fewer(message.blocks), _fewer(message.plain))


def _fewer(blocks: Sequence[Block]) -> tuple[Block, ...]:
    if len(blocks) <= limits.MAX_BLOCKS:
        return tuple(blocks)
    tail = tuple(blocks[-1:]) if blocks[-1]["type"] == "actions" else ()
    room = limits.MAX_BLOCKS - 1 - len(tail)
    left_out = (
        f"{len(blocks) - room - len(tail)} more parts are left out: Slack shows {limits.MAX_BLOCKS} in a message."
    )
    note: Block = {"type": "context", "elements": [{"type": "mrkdwn", "text": left_out}]}
    return (*blocks[:room], note, *tail)
