"""An error as people read it: what happened, what is true now, what to do next."""

from __future__ import annotations

from typing import Any

from bot.blocks.elements import actions, paragraphs
from bot.blocks.message import Block, Message
from bot.errors import NotUnderstood, SwarmbotError


def error_message(error: SwarmbotError, title: str = "", *buttons: dict[str, Any]) -> Message:
    """Return what is shown for an error; ``title`` says what failed, as "*host-4 did not join prod*"."""
    lines = _refusal(error) if error.severity == "refused" else _failure(error, title)
    blocks: list[Block] = paragraphs(lines)
    if buttons:
        blocks.append(actions(*buttons))
    return Message(" ".join(lines), blocks)


def _refusal(error: SwarmbotError) -> list[str]:
    lead = "" if isinstance(error, NotUnderstood) else "Not done: "
    first = f"{lead}{error.happened} {error.true_now}".rstrip()
    return [first, error.next_step] if error.next_step else [first]


def _failure(error: SwarmbotError, title: str) -> list[str]:
    named = (
        ("What happened", error.happened),
        ("What is true now", error.true_now),
        ("Next", error.next_step),
    )
    return [f"✗ {title or '*That failed*'}", *(f"{name}: {said}" for name, said in named if said)]
