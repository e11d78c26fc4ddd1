"""What who was shown a token for one node is told of its end."""

from __future__ import annotations

from bot.blocks import DONE, WARNING, Message, context, section, text_message, tick
from bot.one_time_tokens.pending_rotation import PendingRotation


def kept_message(pending_rotation: PendingRotation, cause: str) -> Message:
    """The token is rotated; ``cause`` is why, "" when somebody else rotated it."""
    token = f"the {pending_rotation.role} token of {pending_rotation.cluster}"
    happened = f"{cause}; {token} is a new one." if cause else f"{token} was rotated by somebody before that."
    happened = happened[0].upper() + happened[1:]
    dead = "The line that you were shown joins nothing any more."
    lines = [section(f"{DONE} {happened} {dead}")]
    if " and " in cause:
        lines.append(section(f"{WARNING} More than one node came in before it was rotated: see that you know each."))
    lines.append(context(f"For another node: `/swarm token {pending_rotation.role} --once`."))
    return Message(happened, tuple(lines))


def late_message(pending_rotation: PendingRotation, why: str) -> Message:
    """The token should be rotated and cannot be yet."""
    text = (
        f"{WARNING} The {pending_rotation.role} token of {pending_rotation.cluster} is still the one that you were "
        f"shown. {why} It is rotated as soon as it can be, and you are told."
    )
    return Message(text, (section(text), context("`/swarm status` shows the managers.")))


def ended_message(pending_rotation: PendingRotation) -> Message:
    """There is no cluster any more."""
    return text_message(
        f"{tick(pending_rotation.cluster)} is no cluster any more: the {pending_rotation.role} token that you were "
        "shown joins nothing."
    )
