"""Carries out jobs: internal jobs, questions, plans that somebody only wants to see, and changes whose turn it is."""

from __future__ import annotations

from collections.abc import Sequence

from bot.blocks import tick
from bot.errors import Failed, SwarmbotError
from bot.execution.changes import Changes
from bot.execution.internal_jobs import InternalJobs
from bot.execution.questions import Questions
from bot.execution.services import WorkerServices
from bot.execution.token_rotation import TokenRotation
from bot.outbox.outgoing import Outgoing
from bot.queue.job import Job
from bot.queue.lease import CancelRequested, Lease
from bot.stored_json import from_plain


class Runner:
    """Carries out leased jobs. Safe to share between threads."""

    def __init__(self, services: WorkerServices) -> None:
        self._config = services.config
        self._commands = services.commands
        self._replies = services.replies
        self._internal_jobs = InternalJobs(services)
        self._questions = Questions(services)
        self._changes = Changes(services)
        self._token_rotation = TokenRotation(services)

    def handle(self, lease: Lease) -> None:
        """Carry out a job and end it. A job that is cancelled before anything is started or shown ends as cancelled."""
        try:
            self._carry_out(lease)
        except CancelRequested as request:
            self._replies.stop(lease, request.by)

    def _carry_out(self, lease: Lease) -> None:
        order = lease.job.order
        if self._internal_jobs.knows(order.command):
            self._internal_jobs.run(lease)
            return
        command = self._commands[order.command]
        arguments = from_plain(command.arguments, dict(order.args))
        if order.cluster not in self._config.clusters and (order.cluster or command.overview is None):
            raise Failed(f"{tick(order.cluster)} is no longer in swarmbot.yml.", true_now="Nothing was done.")
        if order.pending_rotation:
            self._token_rotation.run(lease)
        elif not command.is_change(arguments):
            self._questions.run(lease, command, arguments)
        elif order.only_plan:
            self._changes.show_plan(lease, command, arguments)
        else:
            self._changes.run(lease, command, arguments)

    def failure(self, job: Job, error: SwarmbotError) -> Sequence[Outgoing]:
        """Return the messages about a job that the worker ends itself (worker lost, a defect)."""
        return self._replies.failure(job, error)
