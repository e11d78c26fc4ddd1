"""An order that waits for approval is not requested a second time: approvers would see two cards for one change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.approvals.after_freeze import way_on
from bot.approvals.approval import Approval
from bot.blocks import plain_line, tick, user, when
from bot.config import Config
from bot.errors import Refused
from bot.model import Freeze
from bot.model.approval_basis import Basis
from bot.stored_json import to_json
from bot.text.suggest import number_of

UNORDERED: Final = frozenset({"nodes", "hosts", "gone", "hold_off"})
"""Arguments that name several hosts or nodes. Their order only decides in which order steps run."""


def same_arguments(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Return whether two orders of a command, as plain JSON, are for the same change."""
    return _comparable(one) == _comparable(other)


def same_plan(one: Basis, other: Basis) -> bool:
    """Return whether two plans do the same, in any order of their nodes."""
    return _unordered(one).digest == _unordered(other).digest


def _unordered(basis: Basis) -> Basis:
    operations = tuple(sorted(basis.operations, key=to_json))
    return replace(basis, arguments=_comparable(basis.arguments), operations=operations)


def _comparable(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: sorted(value) if name in UNORDERED else value for name, value in arguments.items()}


def already_waiting(config: Config, approval: Approval, freeze: Freeze | None) -> Refused:
    """Return the refusal of an order for which ``approval`` is open; ``freeze`` is in effect now."""
    request = approval.request
    have = f"it has {len(approval.votes)} of the {number_of(request.needed, 'approval')} that it needs"
    return Refused(
        f"this is already waiting as {tick(request.job)}, requested by {user(request.requester)} "
        f"{when(request.asked_at)}: {'it waits for your decision' if request.confirmation else have}.",
        true_now="Nothing new was requested.",
        next_step=f"`/swarm approvals {request.job}` shows it; `/swarm cancel {request.job}` withdraws it."
        f"{_added(config, approval, freeze)}",
    )


def _added(config: Config, approval: Approval, freeze: Freeze | None) -> str:
    """Return what happens to the request without the approval that a freeze added; "" if none did."""
    if not approval.request.frozen:
        return ""
    if freeze is None:
        return f" The freeze that added one of these approvals is over. {way_on(config, approval)}"
    added = f"{plain_line(approval.request.cluster)} is frozen until {when(freeze.until)}"
    return f" One of these approvals is needed because {added}. After that: {way_on(config, approval)}"
