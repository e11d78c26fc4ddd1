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
    """What is shown. ``text`` stands alone where blocks are not shown, and must not hold a secret.

    ``plain`` is the same in older blocks, for a Slack that answers ``invalid_blocks`` (and for the body of a 200,
    where nobody would hear of it); empty means that ``blocks`` will do once its tables are written out.
    """

    text: str
    blocks: Annotated[Sequence[Block], AfterValidator(tuple)] = ()
    plain: Annotated[Sequence[Block], AfterValidator(tuple)] = ()


def holds_secret(part: object) -> bool:
    """Whether there is a Secret anywhere in a tree of blocks."""
    if isinstance(part, dict):
        return any(map(holds_secret, part.values()))
    if isinstance(part, list | tuple):
        return any(map(holds_secret, part))
    return isinstance(part, Secret)


def fit(message: Message) -> Message:
    """Return the message within what Slack takes of one: 50 blocks, 4000 characters of text.

    Blocks are dropped from the end, but never a last row of buttons: what cannot be read can still be acted on.
    """
    return Message(cut(message.text, limits.TEXT) or "-", _fewer(message.blocks), _fewer(message.plain))


def _fewer(blocks: Sequence[Block]) -> tuple[Block, ...]:
    if len(blocks) <= limits.BLOCKS:
        return tuple(blocks)
    tail = tuple(blocks[-1:]) if blocks[-1]["type"] == "actions" else ()
    kept = limits.BLOCKS - 1 - len(tail)
    left_out = f"{len(blocks) - kept - len(tail)} more parts are left out: Slack shows {limits.BLOCKS} in a message."
    note: Block = {"type": "context", "elements": [{"type": "mrkdwn", "text": left_out}]}
    return (*blocks[:kept], note, *tail)
