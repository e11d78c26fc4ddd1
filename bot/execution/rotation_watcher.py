"""Looks whether promised rotations are due, orders them, and tells those who were shown the token."""

from __future__ import annotations

import logging
import time
from typing import Final

from bot.blocks import Message
from bot.errors import Failed, SwarmbotError
from bot.execution.services import WorkerServices
from bot.model import Facts, FactsQuery
from bot.one_time_tokens.messages import ended_message, kept_message, late_message
from bot.one_time_tokens.pending_rotation import PendingRotation, cause_of, ended, known_of, named, rotated, secret_of
from bot.queue.job import Job, Order, new_id
from bot.slack.outbound.notifier import Undelivered

EVERY: Final = 2.0
"""Seconds between two looks at a cluster with an open promise."""
LONGEST: Final = 60.0
"""Seconds that a look waits at the longest after others failed."""
TELL_WITHIN: Final = 3600.0
"""Seconds after the deadline in which it is tried to tell an asker whom Slack does not let be told."""

log = logging.getLogger(__name__)


class RotationWatcher:
    """Each worker has one that takes turns; several share the work promise by promise."""

    def __init__(self, services: WorkerServices, worker: str) -> None:
        self._config = services.config
        self._queue = services.queue
        self._cluster_reader = services.cluster_reader
        self._pending_rotations = services.pending_rotations
        self._notifier = services.notifier
        self._worker = worker

    def turn(self) -> None:
        """Look after each promise whose time has come. Raises Unavailable when Redis does not answer."""
        for promise_id in self._pending_rotations.open():
            if claimed := self._pending_rotations.claim(promise_id):
                self._query(*claimed)

    def _query(self, pending_rotation: PendingRotation, now: float) -> None:
        try:
            facts = self._read(pending_rotation)
        except SwarmbotError as error:
            self._put_off(pending_rotation, error.happened, due=now >= pending_rotation.deadline)
            return
        if ended(facts):
            self._end(pending_rotation, ended_message(pending_rotation), now)
        elif rotated(pending_rotation, facts):
            cause = named(pending_rotation.cause, facts) or cause_of(pending_rotation, facts, 0)
            self._end(pending_rotation, kept_message(pending_rotation, cause), now)
        elif cause := pending_rotation.cause or cause_of(pending_rotation, facts, now):
            self._rotate(pending_rotation, cause)
        else:
            self._pending_rotations.note(pending_rotation, EVERY, failures=0, known=known_of(facts))

    def _read(self, pending_rotation: PendingRotation) -> Facts:
        """The cluster with the token, or without a swarm if it is no more; else Failed."""
        if pending_rotation.cluster not in self._config.clusters:
            raise Failed(f"{pending_rotation.cluster} is not in swarmbot.yml any more.")
        facts = self._cluster_reader.read_whole(
            pending_rotation.cluster, FactsQuery(secrets=(secret_of(pending_rotation.role),))
        )
        if facts.swarm is None and not ended(facts):
            raise Failed(f"No manager of {pending_rotation.cluster} with a quorum could be read.")
        return facts

    def _rotate(self, pending_rotation: PendingRotation, cause: str) -> None:
        """See that one job rotates the token: the one under way, else a new one."""
        job = self._queue.get(pending_rotation.job) if pending_rotation.job else None
        if job is None:
            order = self._order(pending_rotation, cause)
            admission = self._queue.admit(order, [order.audit_entry("asked", self._worker, cause)])
            self._pending_rotations.note(
                pending_rotation, EVERY, cause=cause, job=admission.job_id, attempt=pending_rotation.attempt + 1
            )
        elif job.ended and job.state != "succeeded":
            self._put_off(pending_rotation, f"Job `{job.id}` {_end_of(job)}.", due=True, job="")
        else:
            self._pending_rotations.note(pending_rotation, EVERY, job="" if job.ended else job.id)

    def _order(self, pending_rotation: PendingRotation, cause: str) -> Order:
        """The request's key makes one job of each attempt, however often it is ordered."""
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

    def _put_off(self, pending_rotation: PendingRotation, why: str, *, due: bool, **fields: str) -> None:
        """Look again later, and the later the more has failed; tell once that a rotation that is due must wait."""
        late = due or bool(pending_rotation.cause)
        if late and not pending_rotation.late:
            self._tell(pending_rotation, late_message(pending_rotation, why))
        again_in = min(EVERY * 2**pending_rotation.failures, LONGEST)
        self._pending_rotations.note(
            pending_rotation,
            again_in,
            failures=pending_rotation.failures + 1,
            late="1" if late or pending_rotation.late else "",
            **fields,
        )

    def _end(self, pending_rotation: PendingRotation, message: Message, now: float) -> None:
        """Tell each asker once. Whom Slack does not let be told now is told later, for a while."""
        untold = self._tell(pending_rotation, message)
        for requester in pending_rotation.requesters:
            if requester.job not in untold or now > pending_rotation.deadline + TELL_WITHIN:
                self._pending_rotations.told(pending_rotation, requester)
        self._pending_rotations.note(pending_rotation, LONGEST)

    def _tell(self, pending_rotation: PendingRotation, message: Message) -> set[str]:
        """Tell all askers; returns the jobs of those who could not be told."""
        untold = set()
        for requester in pending_rotation.requesters:
            try:
                self._notifier.respond(requester.response_url, message, user=requester.user, channel=requester.channel)
            except Undelivered as error:
                log.warning("who asked %s was not told how it ended: %s", requester.job, error)
                untold.add(requester.job)
        return untold


def _end_of(job: Job) -> str:
    return "was cancelled" if job.state == "cancelled" else "did not rotate it"
