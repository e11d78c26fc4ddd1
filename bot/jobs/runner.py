"""What a worker does with a job: read facts, then answer a question or carry out a change."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter

import handlers  # noqa: F401 - importing it registers the commands
from bot.approvals.approval import Approval
from bot.approvals.card import plan_message, preface
from bot.approvals.store import Approvals
from bot.audit import Entry
from bot.commands import COMMANDS, Command
from bot.config import Config
from bot.errors import Failed, Refused, SwarmbotError
from bot.jobs import outcome
from bot.jobs.asking import Asking
from bot.jobs.change import Change
from bot.jobs.errand import Errands
from bot.jobs.export import Exporter
from bot.jobs.job import Job
from bot.jobs.lease import Lease, LeaseLost
from bot.jobs.queue import Queue
from bot.plan import Engines, Facts, Look, Plan, Revealed, basis_of, plan_from_json
from bot.plan.ports import Clusters
from bot.slack.blocks import Message, actions, button, error_message, section, tick
from bot.slack.notifier import Notifier
from bot.swarm.reader import Reader
from bot.swarm.secrets import secret_message
from bot.totp import Showing


class Runner:
    """Handles leases. Safe to share between threads."""

    def __init__(
        self,
        *,
        config: Config,
        queue: Queue,
        notifier: Notifier,
        clusters: Clusters,
        reader: Reader,
        approvals: Approvals,
        asking: Asking,
        showing: Showing,
        exporter: Exporter,
    ) -> None:
        self._config = config
        self._queue = queue
        self._notifier = notifier
        self._clusters = clusters
        self._reader = reader
        self._approvals = approvals
        self._asking = asking
        self._errands = Errands(queue, notifier, showing, exporter)

    def handle(self, lease: Lease) -> None:
        """Carry a job out and end it."""
        order = lease.job.order
        if self._errands.knows(order.command):
            self._errands.run(lease)
            return
        command = COMMANDS[order.command]
        arguments = TypeAdapter(command.arguments).validate_python(dict(order.args))
        if order.cluster not in self._config.clusters:
            raise Failed(f"{tick(order.cluster)} is not in swarmbot.yml any more.", true_now="Nothing was done.")
        if not command.is_change(arguments):
            self._question(lease, command, arguments)
        elif order.kind == "change":
            self._change(lease, command, arguments)
        else:
            self._ask(lease, command, arguments)

    def tell(self, job: Job) -> None:
        """Tell of a job that the worker itself had to end (worker lost, a defect)."""
        error = json.loads(job.outcome)["error"]
        told = Failed(error["happened"], true_now=error["true_now"], next_step=error["next_step"])
        message = error_message(told, _title(job), button("Retry", "job.retry", job.id))
        if job.message_ts:
            self._notifier.update(job.message_channel, job.message_ts, message)
        self._respond(job, message)

    def _question(self, lease: Lease, command: Command, arguments: Any) -> None:
        """Answer, or have it approved first: what it shows may be worth as much as a change."""
        plan = question_plan(lease.job)
        needed = self._asking.rule(lease, command, arguments, plan).count
        approval = self._approvals.get(lease.job.id)
        if not needed and approval is None:
            self._answer(lease, command, arguments)
            return
        if approval is not None and approval.open:
            raise LeaseLost(lease.job.id)  # who asks parks the job: whoever holds it still was taken over from
        try:
            facts = self._read(lease.job.order.cluster, replace(command.look(arguments), secrets=()))
            if approval is None:
                self._asking.ask(lease, command, arguments, plan, facts)
                return
            self._still_approved(approval, command, arguments, plan, facts)
        except LeaseLost:
            raise
        except SwarmbotError as error:
            if approval is None:
                self._refuse(lease, error)
            else:
                self._void(lease, error)
            return
        self._answer(lease, command, arguments)

    def _answer(self, lease: Lease, command: Command, arguments: Any) -> None:
        job = lease.job
        look = command.look(arguments)
        try:
            facts = self._read(job.order.cluster, look)
            assert command.answer is not None  # noqa: S101 - tells mypy what is_change has decided
            message = command.answer(replace(facts, freeze=self._asking.freeze(facts.name)), arguments)
            shown = message if look.secrets else _with_buttons(message, job)
            self._note_secrets(lease, look.secrets)
            self._respond(job, shown)
        except LeaseLost:
            raise
        except SwarmbotError as error:
            self._refuse(lease, error)
            return
        told: dict[str, Any] = {"told": message.text}
        if not look.secrets:
            told["message"] = message.to_json()
        result = json.dumps(told, ensure_ascii=False)
        self._queue.finish(lease, "succeeded", result, [_entry(lease, "ended", "succeeded: answered")])

    def _ask(self, lease: Lease, command: Command, arguments: Any) -> None:
        """The stage before the cluster's line: show the plan, or have it approved."""
        try:
            plan, facts = self._plan(lease, command, arguments)
            if lease.job.order.only_plan:
                self._show_plan(lease, plan)
            elif plan.steps or plan.left_out:
                self._asking.run(lease, command, arguments, plan, facts)
            else:
                self._already(lease, plan)
        except LeaseLost:
            raise
        except SwarmbotError as error:
            self._refuse(lease, error)

    def _change(self, lease: Lease, command: Command, arguments: Any) -> None:
        job = lease.job
        approval = self._approvals.get(job.id)
        try:
            plan = plan_from_json(job.plan) if job.begun else self._begin(lease, command, arguments, approval)
        except LeaseLost:
            raise
        except SwarmbotError as error:
            if approval is None:
                self._refuse(lease, error)
            else:
                self._void(lease, error)
            return
        if not plan.steps and not plan.left_out:
            self._already(lease, plan)
            return
        change = Change(lease, plan, self._queue, self._notifier, self._config.clusters[job.order.cluster].channel)
        if approval is not None:
            change.card.preface = preface(approval)
        change.run(self._engines(job.order.cluster), lambda look: self._read(job.order.cluster, look))
        entries = self._reveal(lease, plan) if change.card.succeeded else []
        change.finish(entries)

    def _plan(self, lease: Lease, command: Command, arguments: Any) -> tuple[Plan, Facts]:
        assert command.plan is not None  # noqa: S101 - tells mypy what is_change has decided
        facts = self._read(lease.job.order.cluster, command.look(arguments))
        return command.plan(facts, arguments), facts

    def _begin(self, lease: Lease, command: Command, arguments: Any, approval: Approval | None) -> Plan:
        """The plan as the facts give it just before the first step; what was approved must be this very plan."""
        plan, facts = self._plan(lease, command, arguments)
        have = len(approval.counted) if approval else 0
        if plan.steps and self._asking.rule(lease, command, arguments, plan).count > have:
            raise Refused(
                f"{facts.name} is frozen, or its rules or facts have changed, since this was asked: "
                "it needs more approval now.",
                next_step="Ask again.",
            )
        if approval is not None:
            self._still_approved(approval, command, arguments, plan, facts)
        detail = "; ".join(step.operation.doing for step in plan.steps) or "nothing to do"
        entries = [_entry(lease, "planned", detail)]
        if approval is not None:
            entries.append(_entry(lease, "started", f"approved plan {approval.ask.digest} holds"))
        self._queue.record(lease, {"plan": plan.to_json()}, entries)
        return plan

    def _still_approved(self, approval: Approval, command: Command, arguments: Any, plan: Plan, facts: Facts) -> None:
        now = basis_of(command.name, asdict(arguments), plan, facts)
        if changed := self._asking.changed(approval.ask, now):
            raise Refused(f"{'; '.join(changed)}. So this plan no longer holds.", next_step="Ask again.")

    def _void(self, lease: Lease, error: SwarmbotError) -> None:
        told = Refused(error.happened, true_now="Nothing was changed.", next_step=error.next_step)
        self._approvals.void(lease, told, [_entry(lease, "void", error.happened)])

    def _show_plan(self, lease: Lease, plan: Plan) -> None:
        """Answer `--plan`: what would be done, and nothing more."""
        self._respond(lease.job, plan_message(lease.job, plan))
        result = json.dumps({"told": f"Plan only: {plan.effect}"}, ensure_ascii=False)
        self._queue.finish(lease, "succeeded", result, [_entry(lease, "ended", "succeeded: plan shown")])

    def _already(self, lease: Lease, plan: Plan) -> None:
        text = f"✓ Already so: {'; '.join(plan.already)}. Nothing was changed."
        self._respond(lease.job, Message(text, (section(text),)))
        result = json.dumps({"told": text}, ensure_ascii=False)
        self._queue.finish(lease, "succeeded", result, [_entry(lease, "ended", "succeeded: already so")])

    def _reveal(self, lease: Lease, plan: Plan) -> list[Entry]:
        """Show the requester alone what the change made known."""
        entries = []
        for revealed in plan.reveals:
            try:
                facts = self._read(lease.job.order.cluster, Look(secrets=(revealed,)))
                self._note_secrets(lease, (revealed,))
                self._respond(lease.job, secret_message(facts, revealed))
            except LeaseLost:
                raise
            except SwarmbotError as error:
                entries.append(_entry(lease, "secret not told", f"{revealed}: {error.happened}"))
        return entries

    def _note_secrets(self, lease: Lease, secrets: tuple[Revealed, ...]) -> None:
        """Write down what the asker is about to see: before, so that it is in the log whatever happens next."""
        told = [_entry(lease, "told secret", f"{secret} to {lease.job.order.requester}") for secret in secrets]
        if told:
            self._queue.record(lease, {}, told)

    def _refuse(self, lease: Lease, error: SwarmbotError) -> None:
        """End a job of which nothing was begun, and tell the asker alone."""
        job = lease.job
        ended = replace(job, outcome=outcome.of_error(error))
        retry = [button("Retry", "job.retry", job.id)] if error.severity == "failed" else []
        try:
            self._respond(job, error_message(error, _title(ended), *retry))
        finally:
            self._queue.finish(lease, "failed", ended.outcome, [outcome.ended(lease, f"failed: {error.happened}")])

    def _respond(self, job: Job, message: Message) -> None:
        order = job.order
        self._notifier.respond(
            order.response_url, message, user=order.requester, channel=order.channel, replace=order.replace
        )

    def _engines(self, cluster: str) -> Engines:
        return self._clusters.cluster(cluster)

    def _read(self, cluster: str, look: Look) -> Facts:
        return self._reader.read(cluster, self._engines(cluster), look)


def question_plan(job: Job) -> Plan:
    """A question as something that others can agree to: no step, but what would be shown."""
    told = f"see what `/swarm {job.order.words}` shows in {job.order.cluster}"
    return Plan(title=told, deed=told, ended=told, failed=told, effect="shown to who asks alone")


def _with_buttons(message: Message, job: Job) -> Message:
    row = actions(button("Share", "answer.share", job.id), button("Refresh", "answer.refresh", job.id))
    return replace(message, blocks=(*message.blocks, row), plain=(*message.plain, row) if message.plain else ())


def _title(job: Job) -> str:
    return f"*`/swarm {job.order.words}` in {job.order.cluster}* · `{job.id}`"


def _entry(lease: Lease, action: str, detail: str) -> Entry:
    order = lease.job.order
    return Entry(action, lease.worker, order.cluster, order.channel, order.command, order.words, order.id, detail)
