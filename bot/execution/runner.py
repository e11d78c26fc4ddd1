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
        sight: ClusterReader,
        approvals: ApprovalRepository,
        asking: ApprovalStep,
        promises: PendingRotations,
        showing: Showing,
        exporter: Exporter,
        given: SecretInbox,
    ) -> None:
        self._config = config
        self._replies = Replies(queue, notifier)
        self._errands = InternalJobs(queue, notifier, showing, exporter)
        self._answering = Questions(
            sight=sight,
            queue=queue,
            replies=self._replies,
            approvals=approvals,
            asking=asking,
            promises=promises,
        )
        self._changing = Changes(
            config=config,
            sight=sight,
            queue=queue,
            notifier=notifier,
            replies=self._replies,
            approvals=approvals,
            asking=asking,
            promises=promises,
            given=given,
        )
        self._rotating = TokenRotation(config, sight, queue, notifier, self._replies)

    def handle(self, lease: Lease) -> None:
        """Carry a job out and end it; one that is cancelled before anything is begun or shown ends so."""
        try:
            self._carry_out(lease)
        except ToldToStop as told:
            self._replies.stop(lease, told.by)

    def _carry_out(self, lease: Lease) -> None:
        order = lease.job.order
        if self._errands.knows(order.command):
            self._errands.run(lease)
            return
        command = COMMANDS[order.command]
        arguments = TypeAdapter(command.arguments).validate_python(dict(order.args))
        if order.cluster not in self._config.clusters:
            raise Failed(f"{tick(order.cluster)} is not in swarmbot.yml any more.", true_now="Nothing was done.")
        if order.promise:
            self._rotating.run(lease)
        elif not command.is_change(arguments):
            self._answering.run(lease, command, arguments)
        elif order.kind == "change":
            self._changing.run(lease, command, arguments)
        else:
            self._changing.ask(lease, command, arguments)

    def tell(self, job: Job) -> None:
        """Tell of a job that the worker itself had to end (worker lost, a defect)."""
        self._replies.tell(job)
