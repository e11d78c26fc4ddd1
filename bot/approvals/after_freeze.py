"""Requests that wait for an approval that a freeze added, while it lasts and when it is over. Pure.

What was requested stays as it is: nothing begins because a freeze ends. Its requester decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bot.approvals.approval import Approval
from bot.approvals.card import list_line
from bot.approvals.choices import needed_now
from bot.blocks import WARNING
from bot.config import Config
from bot.text.suggest import number_of

MAX_SHOWN: Final = 10


def still_waiting(config: Config, approvals: Iterable[Approval]) -> list[str]:
    """Return these requests with what happens to each without that approval; [] for none."""
    found = [approval for approval in approvals if approval.request.frozen]
    if not found:
        return []
    waits = "waits" if len(found) == 1 else "wait"
    lines = [f"{WARNING} {number_of(len(found), 'order')} still {waits} for an approval that the freeze added:"]
    lines += [f"{list_line(approval)}\n{way_on(config, approval)}" for approval in found[:MAX_SHOWN]]
    left_out = len(found) - MAX_SHOWN
    return [*lines, f"and {left_out} more: `/swarm approvals` lists them."] if left_out > 0 else lines


def way_on(config: Config, approval: Approval) -> str:
    """Return what happens to a request when the freeze is over."""
    needed = needed_now(config, approval.request, frozen=False)
    needs = number_of(needed, "approval") if needed else "no approval"
    return f"Requested again it needs {needs}: `/swarm cancel {approval.id}`, then the same order."
