"""Which approvals a plan needs, the request for them, and whether an approval still holds.

A plan that needs no approval but costs service waits until its requester confirms it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bot.approvals.already_waiting import already_waiting, same_plan
from bot.approvals.approval import Approval, ApprovalRequest
from bot.approvals.repository import ApprovalRepository
from bot.approvals.rule import Rule, approver_groups, confirmation_rule, needs_text, notified, rule_for, shortage
from bot.audit import Entry
from bot.commands import Command
from bot.config import Config
from bot.errors import Failed, Refused, SwarmbotError
from bot.freeze import Freezes
from bot.model import Facts, Freeze, Plan, basis_of, differences
from bot.model.approval_basis import Basis
from bot.queue.job import Order
from bot.queue.lease import Lease
from bot.secrets.secret import TYPED_SECRET_TTL_S
from bot.stored_json import from_json, to_json
from bot.swarm.quorum import FORCE, FORCED_APPROVALS
from bot.text.suggest import number_of
from bot.usergroups import UserGroups

MAX_APPROVAL_S: Final = 7 * 86400.0
"""No approval request is open for longer, even if its rule allows it."""
SECRET_MARGIN_S: Final = 15.0
"""If the last approval comes at the last moment, a worker has this time to take the typed secret before it expires."""


class ApprovalStep:
    """Decides whether a plan needs approval, and requests it."""

    def __init__(
        self, config: Config, approvals: ApprovalRepository, user_groups: UserGroups, freezes: Freezes
    ) -> None:
        self._config = config
        self._approvals = approvals
        self._user_groups = user_groups
        self._freezes = freezes

    def request(
        self, lease: Lease, command: Command, arguments: Any, plan: Plan, facts: Facts, *, changed: str = ""
    ) -> None:
        """Make the job wait for approval or confirmation.

        Raise Refused if there are too few approvers, Failed if every target is skipped. ``changed`` is how the plan
        differs from the one that the requester confirmed before.
        """
        if plan.left_out and not plan.steps:
            raise all_skipped(plan)
        rule = self.rule(lease, command, arguments, plan)
        if not rule.confirmation:
            self._require_approvers(rule, lease.job.order.requester)
        if time.time() >= _latest(lease.job.order):
            raise Refused(
                f"the secret that you typed has expired: it is kept for {TYPED_SECRET_TTL_S // 60} minutes.",
                true_now="Nothing was changed.",
                next_step="Request it again.",
            )
        basis = basis_of(command.name, arguments, plan, facts)
        private = rule.confirmation or not command.is_change(arguments)
        self._refuse_twice(lease.job.order, basis, private=private)
        request = replace(self._request(lease, rule, basis), changed=changed)
        self._approvals.open(lease, request, to_json(plan), [_asked(lease, request, plan)])

    def requested(
        self, lease: Lease, command: Command, arguments: Any, plan: Plan, facts: Facts, *, approval: Approval | None
    ) -> bool:
        """Make the job wait if nobody was asked yet or the plan is not what its requester confirmed.

        Return whether it waits.
        """
        rule = self.rule(lease, command, arguments, plan)
        if approval is None:
            if rule.count:
                self.request(lease, command, arguments, plan, facts)
            return bool(rule.count)
        if not (rule.confirmation and approval.request.confirmation):
            return False
        changed = _changes(approval, command, arguments, plan, facts)
        if changed:
            self.request(lease, command, arguments, plan, facts, changed=changed)
        return bool(changed)

    def rule(self, lease: Lease, command: Command, arguments: Any, plan: Plan) -> Rule:
        """Return the approval rule for this plan now. A freeze adds one approval.

        Where nobody else must approve what costs service, the requester must confirm it.
        """
        cluster = lease.job.order.cluster
        default = max(command.approval(arguments), plan.approvals)
        frozen = command.is_change(arguments) and self.freeze(cluster) is not None
        rule = rule_for(self._config, cluster, plan.subject or command.subject(arguments), default, frozen=frozen)
        order = lease.job.order
        confirmed = bool(rule.count) or not plan.costs or order.accepts_costs
        return rule if confirmed else confirmation_rule(rule, order.requester)

    def needs_text(self, lease: Lease, command: Command, arguments: Any, plan: Plan) -> str:
        """Return what this plan needs now before it starts, in a sentence; "" for nothing."""
        order = lease.job.order
        return needs_text(self._config, self.rule(lease, command, arguments, plan), order.cluster, order.requester)

    def with_needs(self, facts: Facts) -> Facts:
        """Return the facts with the freeze that is in effect, and how many approvals ``--force`` needs now."""
        freeze = self.freeze(facts.name)
        forced = rule_for(self._config, facts.name, FORCE, FORCED_APPROVALS, frozen=freeze is not None)
        return replace(facts, freeze=freeze, force_approvals=forced.count)

    def freeze(self, cluster: str) -> Freeze | None:
        """Return the freeze that is in effect now."""
        return self._freezes.active(cluster, time.time())

    def confirm(
        self, lease: Lease, command: Command, arguments: Any, plan: Plan, facts: Facts, *, approval: Approval
    ) -> None:
        """Raise Refused unless the approval is enough by today's rules, and for this order and this plan as it is now.

        The digest is computed again. If it differs from the approved one, the refusal says what changed. A confirmation
        by the requester does not count here.
        """
        rule = self.rule(lease, command, arguments, plan)
        confirmed = approval.request.confirmation
        if not rule.confirmation and rule.count > (0 if confirmed else len(approval.counted)):
            have = number_of(len(approval.counted), "approval")
            needs = needs_text(self._config, rule, facts.name, approval.request.requester)
            raise Refused(
                f"this has {'no approvals' if confirmed else have}, and more are needed now. {needs}",
                next_step="Request it again.",
            )
        request, order = approval.request, lease.job.order
        if (request.requester, request.words) != (order.requester, order.words):
            raise Refused("the approval is for another request.", next_step="Request it again.")
        if confirmed:
            return  # the plan costs nothing that was not confirmed, even if it changed since
        if changed := _changes(approval, command, arguments, plan, facts):
            raise Refused(f"{changed}, so the plan no longer applies.", next_step="Request it again.")

    def void(self, lease: Lease, error: SwarmbotError) -> None:
        """End a job whose approval is void, before its first step."""
        refusal = Refused(error.happened, true_now="Nothing was changed.", next_step=error.next_step)
        self._approvals.void(lease, refusal, [lease.audit_entry("void", error.happened)])

    def _request(self, lease: Lease, rule: Rule, basis: Basis) -> ApprovalRequest:
        order = lease.job.order
        now = time.time()
        expires = min(now + min(rule.expires, MAX_APPROVAL_S), _latest(order))
        before_s = rule.reminded_before_s(expires - now)
        return ApprovalRequest(
            job=order.id,
            cluster=order.cluster,
            channel=self._config.clusters[order.cluster].channel,
            requester=order.requester,
            words=order.words,
            reason=order.reason,
            subject=rule.subject,
            by=rule.by,
            needed=rule.count,
            asked_at=now,
            expires=expires,
            notify=() if rule.confirmation else notified(self._config, rule, order.requester),
            remind_at=expires - before_s if before_s else 0.0,
            digest=basis.digest,
            basis=to_json(basis),
            second_factor=rule.second_factor or "",
            frozen=rule.frozen,
            typed_secret=bool(order.secret_id),
            confirmation=rule.confirmation,
        )

    def _refuse_twice(self, order: Order, basis: Basis, *, private: bool) -> None:
        """Raise Refused if the same plan waits already. A ``private`` question or answer is for its requester alone."""
        for approval in self._approvals.waiting(order.cluster):
            request = approval.request
            mine = request.requester == order.requester or not private
            if mine and request.job != order.id and same_plan(from_json(Basis, request.basis), basis):
                raise already_waiting(self._config, approval, self.freeze(order.cluster))

    def _require_approvers(self, rule: Rule, requester: str) -> None:
        members: Mapping[str, frozenset[str]] = self._user_groups.members(
            approver_groups(self._config, [rule]), may_be_stale=True
        )
        if short := shortage(self._config, rule, members, requester):
            raise Refused(
                short,
                true_now="Nothing was changed.",
                next_step="Add somebody there, or change the rule in swarmbot.yml.",
            )


def _changes(approval: Approval, command: Command, arguments: Any, plan: Plan, facts: Facts) -> str:
    """Return how the plan now differs from the one that people were asked about; "" if it is the same."""
    before = from_json(Basis, approval.request.basis)
    now = basis_of(command.name, arguments, plan, facts, targets=before.targets)
    return "; ".join(differences(before, now))


def _asked(lease: Lease, request: ApprovalRequest, plan: Plan) -> Entry:
    if request.confirmation:
        return lease.audit_entry("confirmation asked", f"{costs_text(plan)} Plan {request.digest}")
    return lease.audit_entry("approval asked", f"{request.needed} of {', '.join(request.by)}; plan {request.digest}")


def costs_text(plan: Plan) -> str:
    """Return what the plan costs services, for the audit log."""
    return " ".join(cost.text for cost in plan.costs)


def all_skipped(plan: Plan) -> Failed:
    """Return why every target is skipped, each with its fix."""
    if len(plan.left_out) == 1:
        [only] = plan.left_out
        return Failed(only.text, true_now="Nothing was changed.", next_step=only.next_step)
    text = "\n".join(f"{finding.text} {finding.next_step}".rstrip() for finding in plan.left_out)
    return Failed(text, true_now="Nothing was changed.", next_step="Fix these, then press Retry.")


def _latest(order: Order) -> float:
    """Return until when an approval is of use: a typed secret expires."""
    return order.asked_at + TYPED_SECRET_TTL_S - SECRET_MARGIN_S if order.secret_id else math.inf
