"""Changes of a cluster: each is planned in its turn, and carried out if no approval is needed.

A change that needs approval leaves the line while it waits, so that it does not block others. Once approved it returns
to the line, and is planned again in its turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic
from typing import Any, Final

from bot.approvals.approval import Approval
from bot.approvals.card import approved_preface, no_change_lines, plan_message
from bot.audit import Entry
from bot.blocks import actions, button, error_message, text_message
from bot.commands import Command
from bot.errors import Conclusion, Failed
from bot.execution.approval_step import costs_text
from bot.execution.open_changes import changes_in_line, changes_that_wait, planned_text
from bot.execution.plan_run import PlanRun
from bot.execution.planning import planned
from bot.execution.progress_card import RUN_PLAN, ProgressCard
from bot.execution.secret_request import lacks_secret, missing_secret, secret_request
from bot.execution.services import WorkerServices
from bot.execution.step_run import Seen
from bot.execution.still_working import still_working
from bot.execution.waiting_cause import next_step_with
from bot.model import Facts, OpenChange, Plan, Revealed
from bot.outbox.deliverer import Ready
from bot.queue import results
from bot.queue.end_messages import private
from bot.queue.lease import Lease, LeaseLost
from bot.stored_json import from_json, to_json
from bot.text.words import words_in

COMMAND_TO_SHOW: Final[Mapping[Revealed, str]] = {
    "unlock key": "unlock-key",
    "manager token": "token manager",
    "worker token": "token worker",
}


class Changes:
    """Safe to share between threads."""

    def __init__(self, services: WorkerServices) -> None:
        self._config = services.config
        self._cluster_reader = services.cluster_reader
        self._queue = services.queue
        self._replies = services.replies
        self._approvals = services.approvals
        self._approval_step = services.approval_step
        self._secret_messages = services.secret_messages
        self._secret_inbox = services.secret_inbox

    def show_plan(self, lease: Lease, command: Command, arguments: Any) -> None:
        """Show what the change would do now. Other changes of the cluster may run meanwhile: the answer names them."""
        cluster = lease.job.order.cluster
        before = changes_in_line(self._queue, cluster)
        try:
            with still_working(self._replies, lease):
                plan, _ = self._plan(lease, command, arguments)
        except Conclusion as error:
            self._replies.refuse(lease, error)
            return
        needs = self._approval_step.needs_text(lease, command, arguments, plan)
        message = plan_message(lease.job, plan, _later(cluster, before), needs)
        if plan.steps:
            message = replace(message, blocks=(*message.blocks, actions(button("Run", RUN_PLAN, lease.job.id))))
        self._replies.answer(lease, message, results.success(message.text), "plan shown")

    def run(self, lease: Lease, command: Command, arguments: Any) -> None:
        """Carry out a change whose turn it is, or request the approval that its plan needs."""
        job = lease.job
        approval = self._approvals.get(job.id)
        if approval is not None and approval.open:
            raise LeaseLost(job.id)  # it waits for approval: another worker took it over
        try:
            begun = (from_json(Plan, job.plan), None) if job.begun else self._begin(lease, command, arguments, approval)
        except Conclusion as error:
            if approval is None or approval.request.confirmation:
                self._replies.refuse(lease, error)
            else:
                self._approval_step.void(lease, error)
            return
        if begun is None:
            return
        plan, seen = begun
        if not plan.steps and not plan.left_out:
            self._no_change_needed(lease, plan)
            return
        self._carry_out(lease, plan, approval, seen, once=command.query(arguments).one_time)

    def _carry_out(self, lease: Lease, plan: Plan, approval: Approval | None, seen: Seen | None, *, once: bool) -> None:
        order, cluster = lease.job.order, lease.job.order.cluster
        typed_secret = self._secret_inbox.take(order.requester, order.secret_id) if order.secret_id else None
        change = PlanRun(
            lease,
            plan,
            self._queue,
            self._replies,
            self._config.clusters[cluster].channel,
            keep=self._cluster_reader.keep_good_spec,
        )
        if approval is not None:
            change.card.preface = approved_preface(approval)
        change.run(
            self._cluster_reader.engines(cluster),
            lambda query: replace(self._cluster_reader.read_for(plan, cluster, query), typed_secret=typed_secret),
            seen,
        )
        if change.card.succeeded and (number := self._cluster_reader.keep_revision(lease.job, plan)):
            change.card.outcome = f"kept as revision {number}"
        change.finish(lambda: self._reveal(lease, change.card, once=once))

    def _plan(self, lease: Lease, command: Command, arguments: Any) -> tuple[Plan, Seen]:
        cluster, began = lease.job.order.cluster, monotonic()
        facts = self._cluster_reader.read_whole(cluster, command.query(arguments))
        facts = self._approval_step.with_needs(facts)
        try:
            plan = planned(command, facts, arguments, self._config.clusters[cluster].failure_domain)
        except Conclusion as error:
            error.next_step = self._next_step(lease, facts, error.happened, error.next_step)
            raise
        findings = tuple(
            replace(finding, next_step=self._next_step(lease, facts, finding.text, finding.next_step))
            if finding.sign == "failed"
            else finding
            for finding in plan.findings
        )
        return replace(plan, findings=findings), Seen(facts, began)

    def _next_step(self, lease: Lease, facts: Facts, happened: str, next_step: str) -> str:
        """Return the next step after a refusal or a skipped target.

        A change that waits for a decision may be the cause.
        """
        order = lease.job.order
        known = {name for node in (facts.swarm.nodes if facts.swarm else ()) for name in (node.name, node.id)}
        named = (known | facts.hosts.keys()).intersection(words_in(order.args))
        waiting = changes_that_wait(self._queue, self._approvals, order.cluster)
        others = [change for change in waiting if change.id != order.id]
        return next_step_with(others, named, happened, next_step)

    def _begin(
        self, lease: Lease, command: Command, arguments: Any, approval: Approval | None
    ) -> tuple[Plan, Seen] | None:
        """Return the plan and the facts just before the first step. It must be the plan that was approved.

        None if there is nothing to carry out now: the job waits for approval, or the requester was asked for a secret.
        """
        plan, seen = self._plan(lease, command, arguments)
        facts = seen.facts
        for step in plan.steps:
            self._cluster_reader.keep_good_spec(facts, step.operation)
        if lacks_secret(lease.job.order, plan):
            if approval is not None:
                raise missing_secret(command, lease.job.order)
            self._ask_for_secret(lease, command, plan)
            return None
        if approval is None and not plan.steps and not plan.left_out:
            return plan, seen
        if self._approval_step.requested(lease, command, arguments, plan, facts, approval=approval):
            return None
        if approval is not None:
            self._approval_step.confirm(lease, command, arguments, plan, facts, approval=approval)
        detail = "; ".join(step.operation.doing for step in plan.steps) or "nothing to do"
        entries = [lease.audit_entry("planned", detail)]
        if plan.costs and lease.job.order.accepts_costs:
            entries.append(
                lease.job.order.audit_entry("proceeded", lease.job.order.requester, f"--yes: {costs_text(plan)}")
            )
        if approval is not None:
            how = "confirmed" if approval.request.confirmation else "approved"
            entries.append(lease.audit_entry("started", f"{how} plan {approval.request.digest} holds"))
        self._queue.record(lease, {"plan": to_json(plan)}, entries, unless_cancelled=approval is None)
        self._cluster_reader.hold_source(lease.job, plan, facts)
        return plan, seen

    def _ask_for_secret(self, lease: Lease, command: Command, plan: Plan) -> None:
        """Send the requester the button that opens the form, and end the job. The form starts a job of its own."""
        self._secret_inbox.require()
        request = secret_request(lease.job, command, plan)
        self._replies.offer_form(lease, request)

    def _no_change_needed(self, lease: Lease, plan: Plan) -> None:
        head, *warnings = no_change_lines(plan)
        text = "\n".join([f"{head} Nothing was changed.", *warnings])
        self._replies.answer(lease, text_message(text), results.success(text), "no change needed")

    def _reveal(self, lease: Lease, card: ProgressCard, *, once: bool) -> tuple[list[Entry], list[Ready]]:
        """Return the messages with the secrets that the change created, or with the command that shows them."""
        entries, messages = [], []
        order = lease.job.order
        for revealed in card.plan.reveals:
            untold = f"The {revealed} was not shown: `/swarm {COMMAND_TO_SHOW[revealed]}` shows it."
            try:
                shown = self._secret_messages.created(order, card.plan, revealed, once=once)
                self._replies.record_shown_secrets(lease, (revealed,))
            except Conclusion as error:
                entries.append(lease.audit_entry("secret not told", f"{revealed}: {error.happened}"))
                card.notes.append(untold)
                failed = Failed(error.happened, true_now=card.result() + ".", next_step=untold)
                messages.append(Ready(private(order, error_message(failed), name=revealed)))
            else:
                failed = Failed("Slack did not accept it.", true_now=card.result() + ".", next_step=untold)
                instead = private(order, error_message(failed), name=revealed, secret=revealed)
                messages.append(Ready(instead, shown))
        return entries, messages


def _later(cluster: str, before: Sequence[OpenChange]) -> str:
    """Return the warning that the order itself would be planned later than its plan; "" if nothing is ahead of it."""
    if not before:
        return ""
    return (
        f"This is the plan for {cluster} as it is now. Without `--plan` the order {planned_text(before)}, "
        "so its plan may differ."
    )
