"""What a worker does with a job: an errand, a question, a change that may have to be approved first, or a change."""

from __future__ import annotations

from pydantic import TypeAdapter

import handlers  # noqa: F401 - importing it registers the commands
from bot.approvals.repository import ApprovalRepository
from bot.blocks import tick
from bot.commands import COMMANDS
from bot.config import Config
from bot.errors import Failed
from bot.execution.approval_step import ApprovalStep
from bot.execution.audit_export import Exporter
from bot.execution.changes import Changes
from bot.execution.cluster_reader import ClusterReader
from bot.execution.internal_jobs import InternalJobs
from bot.execution.questions import Questions
from bot.execution.replies import Replies
from bot.execution.token_rotation import TokenRotation
from bot.one_time_tokens.pending_rotations import PendingRotations
from bot.queue.job import Job
from bot.queue.lease import Lease, ToldToStop
from bot.queue.queue import Queue
from bot.queue.secret_inbox import SecretInbox
from bot.slack.outbound.notifier import Notifier
from bot.totp import Showing


class Runner:
    """Handles leases. Safe to share between threads."""

    def __init__(
        self,
        *,
        config: Config,
        queue: Queue,
        notifier: Notifier,
        cluster_reader: ClusterReader,
        approvals: ApprovalRepository,
        approval_step: ApprovalStep,
        pending_rotations: PendingRotations,
        showing: Showing,
        exporter: Exporter,
        secret_inbox: SecretInbox,
    ) -> None:
        self._config = config
        self._replies = Replies(queue, notifier)
        self._internal_jobs = InternalJobs(queue, notifier, showing, exporter)
        self._questions = Questions(
            cluster_reader=cluster_reader,
            queue=queue,
            replies=self._replies,
            approvals=approvals,
            approval_step=approval_step,
            pending_rotations=pending_rotations,
        )
        self._changes = Changes(
            config=config,
            cluster_reader=cluster_reader,
            queue=queue,
            notifier=notifier,
            replies=self._replies,
            approvals=approvals,
            approval_step=approval_step,
            pending_rotations=pending_rotations,
            secret_inbox=secret_inbox,
        )
        self._rotating = TokenRotation(config, cluster_reader, queue, notifier, self._replies)

    def handle(self, lease: Lease) -> None:
        """Carry a job out and end it; one that is cancelled before anything is begun or shown ends so."""
        try:
            self._carry_out(lease)
        except ToldToStop as told:
            self._replies.stop(lease, told.by)

    def _carry_out(self, lease: Lease) -> None:
        order = lease.job.order
        if self._internal_jobs.knows(order.command):
            self._internal_jobs.run(lease)
            return
        command = COMMANDS[order.command]
        arguments = TypeAdapter(command.arguments).validate_python(dict(order.args))
        if order.cluster not in self._config.clusters:
            raise Failed(f"{tick(order.cluster)} is not in swarmbot.yml any more.", true_now="Nothing was done.")
        if order.pending_rotation:
            self._rotating.run(lease)
        elif not command.is_change(arguments):
            self._questions.run(lease, command, arguments)
        elif order.lane == "exclusive":
            self._changes.run(lease, command, arguments)
        else:
            self._changes.ask(lease, command, arguments)

    def tell(self, job: Job) -> None:
        """Tell of a job that the worker itself had to end (worker lost, a defect)."""
        self._replies.tell(job)
