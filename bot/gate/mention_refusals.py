"""Refuses messages to the bot whose words would be accepted after a slash."""

from __future__ import annotations

from typing import Final

from bot.blocks import tick
from bot.errors import Refused
from bot.gate.call import Call
from bot.slack.inbound.requests import MentionRequest
from bot.text.durations import age

MAX_MENTION_AGE_S: Final = 180.0
"""Slack delivers a message again for minutes if nobody acknowledges it. By then its writer may have given up."""


def refuse_foreign_or_old(request: MentionRequest, now: float) -> None:
    """Raise Refused for a message of another workspace's person, who cannot type slash commands, and for an old one."""
    if request.outside:
        raise Refused("Swarmbot works only for members of this workspace.", true_now="Nothing was done.")
    late = now - request.sent_at
    if late > MAX_MENTION_AGE_S:
        raise Refused(
            f"this message arrived {age(late)} after it was written.",
            true_now="Nothing was done.",
            next_step="Write it again if you still want it.",
        )


def form_needed(call: Call) -> Refused:
    """Return the refusal of a message whose command needs a form, which Slack opens only for commands and presses."""
    typed = tick(f"/swarm {call.words} --cluster {call.cluster}")
    return Refused("this opens a form, which a message cannot.", next_step=f"Type {typed}.")
