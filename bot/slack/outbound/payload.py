"""A message as sent to Slack: within its limits, and with secrets revealed, which happens nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.blocks.message import Block, Message, fit
from bot.blocks.table import one_table, without_tables
from bot.secrets.secret import Secret


def payload(message: Message, *, plain: bool) -> dict[str, Any]:
    """Return ``text`` and ``blocks`` for Slack. The result may contain secrets: do not store or log it.

    ``plain`` selects the older blocks, which every Slack client shows.
    """
    rendering = without_tables(message) if plain else one_table(message.blocks)
    fitted = fit(Message(message.text, rendering))
    return {"text": fitted.text, "blocks": reveal(fitted.blocks)} if fitted.blocks else {"text": fitted.text}


def has_plainer(message: Message) -> bool:
    """Return whether the older blocks differ from the newer ones."""
    return without_tables(message) != tuple(message.blocks)


def reveal(blocks: Sequence[Block]) -> list[Block]:
    """Return a copy of the blocks with every Secret replaced by its text."""
    return [_revealed(block) for block in blocks]


def _revealed(part: Any) -> Any:
    if isinstance(part, Secret):
        return part.reveal()
    if isinstance(part, dict):
        return {key: _revealed(value) for key, value in part.items()}
    return [_revealed(value) for value in part] if isinstance(part, list | tuple) else part
