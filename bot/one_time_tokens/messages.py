"""The messages to requesters of a token for one node about its end."""

from __future__ import annotations

from bot.blocks import DONE, WARNING, Message, context, section, text_message, tick
from bot.one_time_tokens.pending_rotation import PendingRotation


def rotated_message(rotation: PendingRotation, cause: str) -> Message:
    """The token was rotated because of ``cause``; "" if somebody else rotated it."""
    token = f"the {rotation.role} token of {rotation.cluster}"
    happened = f"{cause}; {token} was rotated." if cause else f"{token} was already rotated by somebody else."
    happened = happened[0].upper() + happened[1:]
    lines = [section(f"{DONE} {happened} The join command that you were shown no longer works.")]
    if " and " in cause:
        lines.append(section(f"{WARNING} More than one node joined before the rotation: check that you know each one."))
    lines.append(context(f"For another node: `/swarm token {rotation.role} --once`."))
    return Message(happened, tuple(lines))


def delayed_message(rotation: PendingRotation, why: str) -> Message:
    """The token must be rotated, but cannot be rotated yet because of ``why``."""
    text = (
        f"{WARNING} The {rotation.role} token of {rotation.cluster} is not rotated yet: the join command that you were "
        f"shown still works. {why} The token is rotated as soon as possible, and you get a message then."
    )
    return Message(text, (section(text), context("`/swarm status` shows the managers.")))


def cluster_gone_message(rotation: PendingRotation) -> Message:
    """There is no cluster any more that the token could belong to."""
    return text_message(
        f"{tick(rotation.cluster)} is no longer a cluster: the {rotation.role} token that you were shown joins nothing."
    )
