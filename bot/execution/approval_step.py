"""The first stage of a change that others may have to agree to: plan it, then ask, or let it into the line."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any, Final

from bot.approvals.approval import Approval, ApprovalRequest
from bot.approvals.repository import ApprovalRepository
from bot.approvals.rule import Rule, approver_groups, frozen_rule, rule_for, shortage
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
from bot.usergroups import UserGroups

KEPT_LONGEST: Final = 7 * 86400.0
TO_TAKE: Final = 15.0
"""Seconds that are left to a worker to take what was typed with an order when the last yes comes at the last moment."""


class ApprovalStep:
    """Decides whether a plan needs others' yes, and asks for it."""

    def __init__(
        self, config: Config, approvals: ApprovalRepository, user_groups: UserGroups, freezes: Freezes
    ) -> None:
        self._config = config
        self._approvals = approvals
        self._user_groups = user_groups
        self._freezes = freezes

    def run(self, lease: Lease, command: Command, arguments: Any, plan: Plan, facts: Facts) -> None:
        """Park the job, or let it into the line. Refused when nobody could agree, Failed when nothing can be done."""
        if not plan.steps:
            raise all_left_out(plan)
        if self.rule(lease, command, arguments, plan).count:
            self.ask(lease, command, arguments, plan, facts)
        else:
            self._approvals.release(lease, [lease.audit_entry("released", "needs no approval")])

    def ask(self, lease: Lease, command: Command, arguments: Any, plan: Plan, facts: Facts) -> None:
        """Park the job until others have agreed. Refused when there are not enough of them."""
        rule = self.rule(lease, command, arguments, plan)
        self._satisfiable(rule, lease.job.order.requester)
        if time.time() >= _latest(lease.job.order):
            raise Refused(
                f"what you typed with it is not there any more: it is kept for {TYPED_SECRET_TTL_S // 60} minutes.",
                true_now="Nothing was changed.",
                next_step="Ask again.",
            )
        basis = basis_of(command.name, arguments, plan, facts)
        ask = self._ask(lease, rule, basis)
        detail = f"{rule.count} of {', '.join(rule.by)}; plan {ask.digest}"
        self._approvals.ask(lease, ask, to_json(plan), [lease.audit_entry("approval asked", detail)])

    def rule(self, lease: Lease, command: Command, arguments: Any, plan: Plan) -> Rule:
        """The rule for this plan now: one more yes while the cluster is frozen."""
        cluster = lease.job.order.cluster
        default = max(command.approval(arguments), plan.approvals)
        rule = rule_for(self._config, cluster, plan.subject or command.subject(arguments), default)
        frozen = command.is_change(arguments) and self.freeze(cluster)
        return frozen_rule(rule) if frozen else rule

    def freeze(self, cluster: str) -> Freeze | None:
        """The freeze that holds now."""
        return self._freezes.active(cluster, time.time())

    def confirm(
        self, lease: Lease, command: Command, arguments: Any, plan: Plan, facts: Facts, *, approval: Approval | None
    ) -> None:
        """Refused unless people enough by the rules of now have said yes, to this order, and to this plan as it is now.

        The digest is computed afresh; where it is not the one approved, the refusal says in words what has changed.
        """
        have = len(approval.counted) if approval else 0
        if self.rule(lease, command, arguments, plan).count > have:
            raise Refused(
                f"{facts.name} is frozen, or its rules or facts have changed, since this was asked: "
                "it needs more approval now.",
                next_step="Ask again.",
            )
        if approval is None:
            return
        ask, order = approval.ask, lease.job.order
        if (ask.requester, ask.words) != (order.requester, order.words):
            raise Refused("what was approved is another request.", next_step="Ask again.")
        now = basis_of(command.name, arguments, plan, facts)
        if now.digest != ask.digest:
            changed = "; ".join(differences(from_json(Basis, ask.basis), now))
            raise Refused(f"{changed}. So this plan no longer holds.", next_step="Ask again.")

    def void(self, lease: Lease, error: SwarmbotError) -> None:
        """End a job whose approval no longer holds, before its first step."""
        told = Refused(error.happened, true_now="Nothing was changed.", next_step=error.next_step)
        self._approvals.void(lease, told, [lease.audit_entry("void", error.happened)])

    def _ask(self, lease: Lease, rule: Rule, basis: Basis) -> ApprovalRequest:
        order = lease.job.order
        now = time.time()
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
            expires=min(now + min(rule.expires, KEPT_LONGEST), _latest(order)),
            digest=basis.digest,
            basis=to_json(basis),
            second_factor=rule.second_factor or "",
            typed_secret=bool(order.secret_id),
        )

    def _satisfiable(self, rule: Rule, requester: str) -> None:
        members: Mapping[str, frozenset[str]] = self._user_groups.members(approver_groups(self._config, [rule]))
        if short := shortage(self._config, rule, members, requester):
            raise Refused(
                short,
                true_now="Nothing was changed.",
                next_step="Have somebody added there, or the rule changed in swarmbot.yml.",
            )


def all_left_out(plan: Plan) -> Failed:
    """Why nothing is done to any target, each with what mends it."""
    if len(plan.left_out) == 1:
        [only] = plan.left_out
        return Failed(only.text, true_now="Nothing was changed.", next_step=only.next_step)
    told = "\n".join(f"{finding.text} {finding.next_step}".rstrip() for finding in plan.left_out)
    return Failed(told, true_now="Nothing was changed.", next_step="Mend these, then press Retry.")


def _latest(order: Order) -> float:
    """Until when a yes is of use: what was typed with an order is kept for a while."""
    return order.asked_at + TYPED_SECRET_TTL_S - TO_TAKE if order.secret_id else math.inf
