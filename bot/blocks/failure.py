"""The message for an error: what happened, the state now, what to do next."""

from __future__ import annotations

from typing import Any, Final

from bot.blocks.elements import actions, paragraphs
from bot.blocks.message import Block, Message
from bot.errors import NotAllowed, NotUnderstood, SwarmbotError

NAMES: Final = frozenset({"Docker", "Raft", "Redis", "Slack", "Swarmbot"})


def error_message(error: SwarmbotError, title: str = "", *buttons: dict[str, Any]) -> Message:
    """Return the message for an error; ``title`` says what failed, as "*host-4 did not join prod*"."""
    lines = _refusal(error) if error.severity == "refused" else _failure(error, title)
    blocks: list[Block] = paragraphs(lines)
    if buttons:
        blocks.append(actions(*buttons))
    return Message(" ".join(lines), blocks)


def ended_sentence(text: str) -> str:
    """Return a text with a full stop at its end, unless it has one: the words of other programs often have none."""
    return text if not text or text.endswith((".", "!", "?", "…")) else f"{text}."


def _refusal(error: SwarmbotError) -> list[str]:
    lead = "" if isinstance(error, NotUnderstood | NotAllowed) else "Refused: "
    first = f"{lead}{ended_sentence(error.happened)} {error.true_now}".rstrip()
    return [first, error.next_step] if error.next_step else [first]


def _failure(error: SwarmbotError, title: str) -> list[str]:
    lines = [f"✗ {title or '*Failed*'}", ended_sentence(error.happened[:1].upper() + error.happened[1:])]
    if error.true_now:
        lines.append(f"State now: {_after_colon(error.true_now)}")
    if error.next_step:
        lines.append(f"Next: {error.next_step}")
    return lines


def _after_colon(sentence: str) -> str:
    """Return a sentence as it follows a colon: "nothing was changed.". Names keep their capital letter."""
    first = sentence.partition(" ")[0]
    return sentence if first in NAMES or first[1:] != first[1:].lower() else sentence[:1].lower() + sentence[1:]
