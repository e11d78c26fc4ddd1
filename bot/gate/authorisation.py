"""Whether a person may run a command: from the rules of swarmbot.yml and Slack's user groups. A refusal is recorded."""

from __future__ import annotations

from typing import Final

from bot import policy
from bot.audit import Audit
from bot.config import Config
from bot.config.models import PERMISSIONS, Permission
from bot.gate.call import Call
from bot.gate.early_refusals import EarlyRefusals
from bot.usergroups import UserGroups, membership_unknown

ANSWERED_WITHOUT_GROUPS: Final = frozenset({"help", "whoami"})
"""Commands that show nothing of a cluster, and help to find out why something is not permitted."""


class Authorisation:
    """Safe to share between threads. Raises Unavailable."""

    def __init__(self, config: Config, user_groups: UserGroups, audit: Audit, early_refusals: EarlyRefusals) -> None:
        self._config = config
        self._user_groups = user_groups
        self._audit = audit
        self._early_refusals = early_refusals

    def require(self, call: Call) -> None:
        """Raise NotAllowed if the person may not run it now, or MembershipUnknown if Slack did not say."""
        permission = call.command.permission(call.arguments)
        may_be_stale = not call.command.is_change(call.arguments) and call.command.control is None
        membership = self._membership(call.user, permission, may_be_stale=may_be_stale)
        decision = policy.decide(self._config, permission, membership, call.shown)
        if isinstance(decision, policy.Unsettled) and call.command.name not in ANSWERED_WITHOUT_GROUPS:
            raise membership_unknown(decision.groups)
        if isinstance(decision, policy.Refuse):
            if policy.has(self._config, "view", membership):
                self._early_refusals.refuse_unknown_names(call)
            self._audit.append([call.entry("refused", detail=decision.reason.happened)])
            raise decision.reason

    def require_for_form(self, permission: Permission, user: str, shown: str) -> None:
        """Raise these errors for the form of a command, which ``shown`` names. Nothing is ordered or recorded yet."""
        membership = self._membership(user, permission, may_be_stale=True)
        decision = policy.decide(self._config, permission, membership, shown)
        if isinstance(decision, policy.Unsettled):
            raise membership_unknown(decision.groups)
        if isinstance(decision, policy.Refuse):
            raise decision.reason

    def permissions(self, user: str) -> frozenset[Permission]:
        """Return the permissions that a person has, and those that they may have if Slack did not say."""
        membership = self._membership(user, *PERMISSIONS, may_be_stale=True)
        return frozenset((*policy.permissions(self._config, membership), *policy.unsettled(self._config, membership)))

    def _membership(self, user: str, *permissions: Permission, may_be_stale: bool) -> policy.Membership:
        """Return the person's groups among those that decide on these permissions."""
        groups = {group for each in permissions for group in policy.groups_to_ask(self._config, each, user)}
        return self._user_groups.membership(user, groups, may_be_stale=may_be_stale)
