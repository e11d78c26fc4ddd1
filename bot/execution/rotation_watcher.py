"""Checks whether pending rotations are due, orders them, and tells those who were shown the token."""

from __future__ import annotations

import logging
import time
from typing import Final

from bot.blocks import Message
from bot.errors import Failed, SwarmbotError
from bot.execution.services import WorkerServices
from bot.model import Facts, FactsQuery
from bot.one_time_tokens.messages import cluster_gone_message, delayed_message, rotated_message
from bot.one_time_tokens.pending_rotation import (
    PendingRotation,
    cluster_gone,
    is_rotated,
    node_ids,
    rotation_cause,
    secret_of,
    with_node_names,
)
from bot.queue.job import Job, Order, new_id
from bot.slack.outbound.notifier import Undelivered

CHECK_INTERVAL_S: Final = 2.0
"""Seconds between two checks of a pending rotation."""
MAX_RETRY_INTERVAL_S: Final = 60.0
"""The longest time until the next check after failures."""
TELL_TIMEOUT_S: Final = 3600.0
"""How long after the deadline the message to a requester is tried again if Slack does not accept it."""

log = logging.getLogger(__name__)


class RotationWatcher:
    """Each worker has one that takes turns. Workers share the work: each rotation is claimed by one of them."""

    def __init__(self, services: WorkerServices, worker: str) -> None:
        self._config = services.config
        self._queue = services.queue
        self._cluster_reader = services.cluster_reader
        self._pending_rotations = services.pending_rotations
        self._notifier = services.notifier
        self._worker = worker

    def run_once(self) -> None:
        """Check each pending rotation that is due for a check. Raise Unavailable if Redis does not respond."""
        for rotation_id in self._pending_rotations.open():
            if claimed := self._pending_rotations.claim(rotation_id):
                self._check(*claimed)

    def _check(self, pending_rotation: PendingRotation, now: float) -> None:
        try:
            facts = self._read(pending_rotation)
        except SwarmbotError as error:
            self._postpone(pending_rotation, error.happened, due=now >= pending_rotation.deadline)
            return
        if cluster_gone(facts):
            self._end(pending_rotation, cluster_gone_message(pending_rotation), now)
        elif is_rotated(pending_rotation, facts):
            cause = with_node_names(pending_rotation.cause, facts) or rotation_cause(pending_rotation, facts, 0)
            self._end(pending_rotation, rotated_message(pending_rotation, cause), now)
        elif cause := pending_rotation.cause or rotation_cause(pending_rotation, facts, now):
            self._rotate(pending_rotation, cause)
        else:
            self._pending_rotations.update(pending_rotation, CHECK_INTERVAL_S, failures=0, known=node_ids(facts))

    def _read(self, pending_rotation: PendingRotation) -> Facts:
        """Return the cluster's facts with the token, or without a swarm if it is gone. Raise Failed otherwise."""
        if pending_rotation.cluster not in self._config.clusters:
            raise Failed(f"{pending_rotation.cluster} is no longer in swarmbot.yml.")
        facts = self._cluster_reader.read_whole(
            pending_rotation.cluster, FactsQuery(secrets=(secret_of(pending_rotation.role),))
        )
        if facts.swarm is None and not cluster_gone(facts):
            raise Failed(f"No manager of {pending_rotation.cluster} with a quorum could be read.")
        return facts

    def _rotate(self, pending_rotation: PendingRotation, cause: str) -> None:
        """Make sure that one job rotates the token: the running one, or else a new one."""
        job = self._queue.get(pending_rotation.job) if pending_rotation.job else None
        if job is None:
            order = self._order(pending_rotation, cause)
            admission = self._queue.admit(order, [order.audit_entry("asked", self._worker, cause)])
            self._pending_rotations.update(
                pending_rotation,
                CHECK_INTERVAL_S,
                cause=cause,
                job=admission.job_id,
                attempt=pending_rotation.attempt + 1,
            )
        elif job.ended and job.state != "succeeded":
            self._postpone(pending_rotation, f"Job `{job.id}` {_end_of(job)}.", due=True, job="")
        else:
            self._pending_rotations.update(pending_rotation, CHECK_INTERVAL_S, job="" if job.ended else job.id)

    def _order(self, pending_rotation: PendingRotation, cause: str) -> Order:
        """Return the order of the next attempt. Its request key makes it one job, however often it is admitted."""
        first = pending_rotation.requesters[0]
        return Order(
            id=new_id(),
            request_key=f"once {pending_rotation.id} {pending_rotation.attempt + 1}",
            lane="exclusive",
            command="token",
            words=f"token {pending_rotation.role} --rotate",
            args={"role": pending_rotation.role, "rotate": True},
            cluster=pending_rotation.cluster,
            requester=first.user,
            channel=first.channel,
            response_url=first.response_url,
            asked_at=time.time(),
            reason=cause,
            pending_rotation=pending_rotation.id,
        )

    def _postpone(self, pending_rotation: PendingRotation, why: str, *, due: bool, **fields: str) -> None:
        """Check again later, with back-off. Tell the requesters once that a rotation that is due is delayed."""
        late = due or bool(pending_rotation.cause)
        if late and not pending_rotation.late:
            self._tell(pending_rotation, delayed_message(pending_rotation, why))
        again_in = min(CHECK_INTERVAL_S * 2**pending_rotation.failures, MAX_RETRY_INTERVAL_S)
        self._pending_rotations.update(
            pending_rotation,
            again_in,
            failures=pending_rotation.failures + 1,
            late="1" if late or pending_rotation.late else "",
            **fields,
        )

    def _end(self, pending_rotation: PendingRotation, message: Message, now: float) -> None:
        """Tell each requester once. If Slack does not accept the message, try again until TELL_TIMEOUT_S."""
        untold = self._tell(pending_rotation, message)
        for requester in pending_rotation.requesters:
            if requester.job not in untold or now > pending_rotation.deadline + TELL_TIMEOUT_S:
                self._pending_rotations.forget_requester(pending_rotation, requester)
        self._pending_rotations.update(pending_rotation, MAX_RETRY_INTERVAL_S)

    def _tell(self, pending_rotation: PendingRotation, message: Message) -> set[str]:
        """Tell all requesters. Return the jobs of those who could not be told."""
        untold = set()
        for requester in pending_rotation.requesters:
            try:
                self._notifier.respond(requester.response_url, message, user=requester.user, channel=requester.channel)
            except Undelivered as error:
                log.warning("The requester of job %s was not told its end: %s", requester.job, error)
                untold.add(requester.job)
        return untold


def _end_of(job: Job) -> str:
    return "was cancelled" if job.state == "cancelled" else "did not rotate the token"
