"""What is known of somebody who views approvals, from Slack's user groups. It decides which buttons they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.approvals.approval import ApprovalRequest
from bot.approvals.choices import Viewer, rule_of
from bot.approvals.rule import approver_groups
from bot.config import Config
from bot.usergroups import MembershipUnknown, UserGroups


class Viewers:
    """Safe to share between threads. ``enrolled``: whether a person has a second factor."""

    def __init__(self, config: Config, user_groups: UserGroups, enrolled: Callable[[str], bool]) -> None:
        self._config = config
        self._user_groups = user_groups
        self._enrolled = enrolled

    def viewer(self, person: str, requests: Sequence[ApprovalRequest]) -> Viewer:
        """Return what decides which of these the person may decide. Raises Unavailable."""
        enrolled = any(request.second_factor for request in requests) and self._enrolled(person)
        groups = approver_groups(self._config, [rule_of(self._config, request) for request in requests])
        try:
            return Viewer(person, self._user_groups.members(groups, may_be_stale=True), enrolled)
        except MembershipUnknown:
            return Viewer(person, None, enrolled)
