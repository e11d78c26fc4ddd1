"""What is told of a vote, a denial or a withdrawal that does not count. Pure."""

from __future__ import annotations

from typing import Literal

from bot.approvals.approval import Approval
from bot.approvals.card import approver_mention
from bot.blocks import user
from bot.errors import Refused

Word = Literal["own", "not among", "twice", "not yours", "late", "ended", "early"]
"""Why: one's own question, not on the rule's list, said yes before, another's to withdraw, or its time is over."""


def refusal(approval: Approval, word: Word) -> Refused:
    """The refusal of what somebody wanted of ``approval``, as it was when they were judged."""
    ask = approval.ask
    shows = f"`/swarm approvals {approval.id}` shows how it stands."
    match word:
        case "own":
            return Refused("nobody approves or denies their own request.", next_step="Withdraw takes it back.")
        case "not among":
            return Refused(
                f"this is for {' or '.join(map(approver_mention, ask.by))} to decide, and you are not among them.",
                next_step="Ask one of them, or see `/swarm whoami`.",
            )
        case "twice":
            return Refused("you said yes before; one person counts once.", next_step=shows)
        case "not yours":
            return Refused(
                f"only {user(ask.requester)} can withdraw this.", next_step="Press Deny if you are against it."
            )
        case "late":
            return Refused("its time is over.", next_step=shows)
        case "ended" | "early":
            ended = "it has ended meanwhile" if approval.open else f"it is {approval.standing} already"
            return Refused(f"{ended}.", next_step=shows)
