"""What a worker does with a job: an errand, a question, a change that may have to be approved first, or a change."""

from __future__ import annotations

from pydantic import TypeAdapter

from bot.blocks import tick
from bot.errors import Failed
from bot.execution.changes import Changes
from bot.execution.internal_jobs import InternalJobs
from bot.execution.questions import Questions
from bot.execution.services import WorkerServices
from bot.execution.token_rotation import TokenRotation
from bot.queue.job import Job
from bot.queue.lease import CancelRequested, Lease


class Runner:
    """Handles leases. Safe to share between threads."""

    def __init__(self, services: WorkerServices) -> None:
        self._config = services.config
        self._commands = services.commands
        self._replies = services.replies
        self._internal_jobs = InternalJobs(services)
        self._questions = Questions(services)
        self._changes = Changes(services)
        self._token_rotation = TokenRotation(services)

    def handle(self, lease: Lease) -> None:
        """Carry a job out and end it; one that is cancelled before anything is begun or shown ends so."""
        try:
            self._carry_out(lease)
        except CancelRequested as told:
            self._replies.stop(lease, told.by)

    def _carry_out(self, lease: Lease) -> None:
        order = lease.job.order
        if self._internal_jobs.knows(order.command):
            self._internal_jobs.run(lease)
            return
        command = self._commands[order.command]
        arguments = TypeAdapter(command.arguments).validate_python(dict(order.args))
        if order.cluster not in self._config.clusters:
            raise Failed(f"{tick(order.cluster)} is not in swarmbot.yml any more.", true_now="Nothing was done.")
        if order.pending_rotation:
            self._token_rotation.run(lease)
        elif not command.is_change(arguments):
            self._questions.run(lease, command, arguments)
        elif order.lane == "exclusive":
            self._changes.run(lease, command, arguments)
        else:
            self._changes.ask(lease, command, arguments)

    def tell(self, job: Job) -> None:
        """Tell of a job that the worker itself had to end (worker lost, a defect)."""
        self._replies.tell(job)
