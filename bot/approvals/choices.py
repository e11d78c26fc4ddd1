"""Which buttons of an approval its viewer may press. Pure; a press is checked again by :mod:`bot.approvals.voting`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from bot.approvals.approval import Approval, ApprovalRequest
from bot.approvals.rule import Rule, approvers, rule_for
from bot.config import Config

Choice = Literal["approve", "deny", "withdraw"]
EVERY_CHOICE: Final[tuple[Choice, ...]] = ("approve", "deny", "withdraw")
"""For a card that everybody in the channel sees."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who views an approval."""

    person: str
    members: Mapping[str, frozenset[str]] | None
    """The users of each group that the approval's rule names; None if Slack did not say."""
    enrolled: bool
    """Whether this person has set up a second factor."""


def rule_of(config: Config, request: ApprovalRequest) -> Rule:
    """Return the rule that decides now who may approve."""
    return rule_for(config, request.cluster, request.subject, request.needed)


def needed_now(config: Config, request: ApprovalRequest, *, frozen: bool) -> int:
    """Return how many approvals the same order needs if it is requested now, for the same reasons."""
    own = request.needed - request.frozen
    return rule_for(config, request.cluster, request.subject, own, frozen=frozen).count


def choices(config: Config, approval: Approval, viewer: Viewer) -> tuple[Choice, ...]:
    """Return what the viewer may do. Where it is unknown whether they are an approver, they may try."""
    request = approval.request
    if not approval.open:
        return ()
    if viewer.person == request.requester:
        return ("approve", "withdraw") if request.confirmation else ("withdraw",)
    if request.confirmation or not _may_be_approver(config, request, viewer):
        return ()
    voted = any(vote.by == viewer.person for vote in approval.votes)
    return ("deny",) if voted or lacks_code(request, viewer) else ("approve", "deny")


def lacks_code(request: ApprovalRequest, viewer: Viewer) -> bool:
    """Return whether the viewer must set up a second factor before they can approve."""
    return bool(request.second_factor) and not viewer.enrolled


def _may_be_approver(config: Config, request: ApprovalRequest, viewer: Viewer) -> bool:
    if viewer.members is None:
        return True
    return viewer.person in approvers(config, rule_of(config, request), viewer.members)
