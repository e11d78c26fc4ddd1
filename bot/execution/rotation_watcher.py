"""Looks whether promised rotations are due, orders them, and tells those who were shown the token."""

from __future__ import annotations

import logging
import time
from typing import Final

from bot.audit import Entry
from bot.blocks import Message
from bot.config import Config
from bot.errors import Failed, SwarmbotError
from bot.execution.cluster_reader import ClusterReader
from bot.model import Facts, FactsQuery
from bot.one_time_tokens.messages import ended_message, kept_message, late_message
from bot.one_time_tokens.pending_rotation import PendingRotation, cause_of, ended, known_of, named, rotated, secret_of
from bot.one_time_tokens.pending_rotations import PendingRotations
from bot.queue.job import Job, Order, new_id
from bot.queue.queue import Queue
from bot.slack.outbound.notifier import Notifier, Undelivered

EVERY: Final = 2.0
"""Seconds between two looks at a cluster with an open promise."""
LONGEST: Final = 60.0
"""Seconds that a look waits at the longest after others failed."""
TELL_WITHIN: Final = 3600.0
"""Seconds after the deadline in which it is tried to tell an asker whom Slack does not let be told."""

log = logging.getLogger(__name__)


class RotationWatcher:
    """Each worker has one that takes turns; several share the work promise by promise."""

    def __init__(
        self,
        *,
        config: Config,
        queue: Queue,
        sight: ClusterReader,
        promises: PendingRotations,
        notifier: Notifier,
        worker: str,
    ) -> None:
        self._config = config
        self._queue = queue
        self._sight = sight
        self._promises = promises
        self._notifier = notifier
        self._worker = worker

    def turn(self) -> None:
        """Look after each promise whose time has come. Raises Unavailable when Redis does not answer."""
        for promise_id in self._promises.open():
            if claimed := self._promises.claim(promise_id):
                self._query(*claimed)

    def _query(self, promise: PendingRotation, now: float) -> None:
        try:
            facts = self._read(promise)
        except SwarmbotError as error:
            self._put_off(promise, error.happened, due=now >= promise.deadline)
            return
        if ended(facts):
            self._end(promise, ended_message(promise), now)
        elif rotated(promise, facts):
            cause = named(promise.cause, facts) or cause_of(promise, facts, 0)
            self._end(promise, kept_message(promise, cause), now)
        elif cause := promise.cause or cause_of(promise, facts, now):
            self._rotate(promise, cause)
        else:
            self._promises.note(promise, EVERY, failures=0, known=known_of(facts))

    def _read(self, promise: PendingRotation) -> Facts:
        """The cluster with the token, or without a swarm if it is no more; else Failed."""
        if promise.cluster not in self._config.clusters:
            raise Failed(f"{promise.cluster} is not in swarmbot.yml any more.")
        facts = self._sight.read_whole(promise.cluster, FactsQuery(secrets=(secret_of(promise.role),)))
        if facts.swarm is None and not ended(facts):
            raise Failed(f"No manager of {promise.cluster} with a quorum could be read.")
        return facts

    def _rotate(self, promise: PendingRotation, cause: str) -> None:
        """See that one job rotates the token: the one under way, else a new one."""
        job = self._queue.get(promise.job) if promise.job else None
        if job is None:
            order = self._order(promise, cause)
            asked = Entry(
                "asked", self._worker, order.cluster, order.channel, order.command, order.words, order.id, cause
            )
            admission = self._queue.admit(order, [asked])
            self._promises.note(promise, EVERY, cause=cause, job=admission.job_id, attempt=promise.attempt + 1)
        elif job.ended and job.state != "succeeded":
            self._put_off(promise, f"Job `{job.id}` {_end_of(job)}.", due=True, job="")
        else:
            self._promises.note(promise, EVERY, job="" if job.ended else job.id)

    def _order(self, promise: PendingRotation, cause: str) -> Order:
        """The request's key makes one job of each attempt, however often it is ordered."""
        first = promise.askers[0]
        return Order(
            id=new_id(),
            request_key=f"once {promise.id} {promise.attempt + 1}",
            kind="change",
            command="token",
            words=f"token {promise.role} --rotate",
            args={"role": promise.role, "rotate": True},
            cluster=promise.cluster,
            requester=first.user,
            channel=first.channel,
            response_url=first.response_url,
            asked_at=time.time(),
            reason=cause,
            promise=promise.id,
        )

    def _put_off(self, promise: PendingRotation, why: str, *, due: bool, **fields: str) -> None:
        """Look again later, and the later the more has failed; tell once that a rotation that is due must wait."""
        late = due or bool(promise.cause)
        if late and not promise.late:
            self._tell(promise, late_message(promise, why))
        again_in = min(EVERY * 2**promise.failures, LONGEST)
        self._promises.note(
            promise, again_in, failures=promise.failures + 1, late="1" if late or promise.late else "", **fields
        )

    def _end(self, promise: PendingRotation, message: Message, now: float) -> None:
        """Tell each asker once. Whom Slack does not let be told now is told later, for a while."""
        untold = self._tell(promise, message)
        for asker in promise.askers:
            if asker.job not in untold or now > promise.deadline + TELL_WITHIN:
                self._promises.told(promise, asker)
        self._promises.note(promise, LONGEST)

    def _tell(self, promise: PendingRotation, message: Message) -> set[str]:
        """Tell all askers; returns the jobs of those who could not be told."""
        untold = set()
        for asker in promise.askers:
            try:
                self._notifier.respond(asker.response_url, message, user=asker.user, channel=asker.channel)
            except Undelivered as error:
                log.warning("who asked %s was not told how it ended: %s", asker.job, error)
                untold.add(asker.job)
        return untold


def _end_of(job: Job) -> str:
    return "was cancelled" if job.state == "cancelled" else "did not rotate it"
