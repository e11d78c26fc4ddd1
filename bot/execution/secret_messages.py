"""Messages that show a secret or log lines: made from the cluster each time, because these are stored nowhere."""

from __future__ import annotations

from typing import Final, cast

from bot.blocks import Message
from bot.commands import CommandRegistry
from bot.errors import Failed
from bot.execution.cluster_reader import ClusterReader
from bot.model import FactsQuery, Plan, Revealed
from bot.one_time_tokens.pending_rotations import PendingRotations
from bot.outbox.outgoing import Outgoing
from bot.queue.end_messages import ANSWER
from bot.queue.job import Order
from bot.queue.queue import Queue
from bot.stored_json import from_json, from_plain
from bot.swarm.membership.secrets import secret_message

GONE: Final = "The order of this message can no longer be carried out."


class SecretMessages:
    """Safe to share between threads. Methods raise a SwarmbotError if the secret cannot be read."""

    def __init__(
        self,
        commands: CommandRegistry,
        queue: Queue,
        cluster_reader: ClusterReader,
        pending_rotations: PendingRotations,
        worker: str,
    ) -> None:
        self._commands = commands
        self._queue = queue
        self._cluster_reader = cluster_reader
        self._pending_rotations = pending_rotations
        self._worker = worker

    def created(self, order: Order, plan: Plan, secret: Revealed, *, once: bool) -> Message:
        """Return the message that shows a secret which a change has created."""
        query = FactsQuery(secrets=(secret,), one_time=once)
        facts = self._cluster_reader.read_for(plan, order.cluster, query)
        return secret_message(self._pending_rotations.ensure_rotation(order, self._worker, query, facts), secret)

    def again(self, outgoing: Outgoing) -> Message:
        """Return a message that Slack has not accepted, with the secret as it is now. The audit log has it already."""
        job = self._queue.get(outgoing.job)
        if job is None or job.order.command not in self._commands:
            raise Failed(GONE)
        command = self._commands[job.order.command]
        arguments = from_plain(command.arguments, dict(job.order.args))
        query = command.query(arguments)
        try:
            if outgoing.secret != ANSWER:
                plan = from_json(Plan, job.plan)
                return self.created(job.order, plan, cast("Revealed", outgoing.secret), once=query.one_time)
            if command.answer is not None:
                read = self._cluster_reader.read_whole if query.secrets else self._cluster_reader.read
                facts = read(job.order.cluster, query)
                facts = self._pending_rotations.ensure_rotation(job.order, self._worker, query, facts)
                return command.answer(facts, arguments)
        except KeyError:
            raise Failed("The cluster does not have this secret any more.") from None
        raise Failed(GONE)
