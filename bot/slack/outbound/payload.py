"""A message as sent to Slack: within its limits, and with secrets revealed, which happens nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from bot.blocks.message import Block, Message, fit
from bot.blocks.table import one_table, without_data_tables, without_tables
from bot.secrets.secret import Secret

Age = Literal["newest", "newer", "older"]
"""``newest``: all blocks that Slack has, ``newer``: no data tables, ``older``: what every Slack client shows."""
AGES: Final[tuple[Age, ...]] = ("newest", "newer", "older")


def payload(message: Message, *, plain: bool) -> dict[str, Any]:
    """Return ``text`` and ``blocks`` for Slack, with the newest blocks, or ``plain`` with the older ones.

    The result may contain secrets: do not store or log it.
    """
    return _sent(message, rendered(message, "older" if plain else "newest"))


def payloads(message: Message, first: Age) -> list[tuple[Age, dict[str, Any]]]:
    """Return what to send, and what to send in turn if Slack refuses its blocks, beginning with those of ``first``."""
    found: list[tuple[Age, tuple[Block, ...]]] = []
    for age in AGES[AGES.index(first) :]:
        blocks = rendered(message, age)
        if blocks not in [before for _, before in found]:
            found.append((age, blocks))
    return [(age, _sent(message, blocks)) for age, blocks in found]


def rendered(message: Message, age: Age) -> tuple[Block, ...]:
    """Return the message's blocks of an age."""
    if age == "older":
        return without_tables(message)
    blocks = one_table(message.blocks)
    return blocks if age == "newest" else without_data_tables(blocks)


def _sent(message: Message, blocks: Sequence[Block]) -> dict[str, Any]:
    fitted = fit(Message(message.text, blocks))
    return {"text": fitted.text, "blocks": reveal(fitted.blocks)} if fitted.blocks else {"text": fitted.text}


def reveal(blocks: Sequence[Block]) -> list[Block]:
    """Return a copy of the blocks with every Secret replaced by its text."""
    return [_revealed(block) for block in blocks]


def _revealed(part: Any) -> Any:
    if isinstance(part, Secret):
        return part.reveal()
    if isinstance(part, dict):
        return {key: _revealed(value) for key, value in part.items()}
    return [_revealed(value) for value in part] if isinstance(part, list | tuple) else part
