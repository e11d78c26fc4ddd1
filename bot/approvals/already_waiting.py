"""An order that waits for approval is not requested a second time: approvers would see two cards for one change."""

from __future__ import annotations

from bot.approvals.approval import Approval
from bot.blocks import tick, user, when
from bot.errors import Refused


def already_waiting(approval: Approval) -> Refused:
    """Return the refusal of an order for which ``approval`` is open."""
    request = approval.request
    have = f"it has {len(approval.votes)} of the {request.needed} approvals that it needs"
    return Refused(
        f"this is already waiting as {tick(request.job)}, requested by {user(request.requester)} "
        f"{when(request.asked_at)}: {'it waits for your decision' if request.confirmation else have}.",
        true_now="Nothing new was requested.",
        next_step=f"`/swarm approvals {request.job}` shows it; `/swarm cancel {request.job}` withdraws it.",
    )
