"""Questions to a cluster: answered at once, or after approval if what they show is as sensitive as a change."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from threading import Timer
from typing import Any, Final

from bot.blocks import WAITING, Message, actions, button, order_text, text_message, tick
from bot.blocks.message import holds_secret
from bot.commands import Command
from bot.commands.command import AgedFunction
from bot.errors import Conclusion, NoLeader, SwarmbotError
from bot.execution.early_answers import incomplete, is_unknown, late_hosts, not_read_yet, not_yet_text
from bot.execution.open_changes import open_changes
from bot.execution.services import WorkerServices
from bot.execution.still_working import after, still_working
from bot.model import Facts, FactsQuery, Plan, PlanTitles
from bot.queue import results
from bot.queue.job import Job
from bot.queue.lease import Lease, LeaseLost
from bot.slack.outbound.files import Upload
from bot.stored_json import to_json
from bot.swarm.health.summary import AgedSummary

AT_ONCE_S: Final = 0.3
"""After this time a question is answered with what watch read last, if possible. Slack lets nobody edit the private
answer to a typed command, so the complete answer is a second message: an earlier first one must be worth it."""
FIRST_ANSWER_S: Final = 2.0
"""After this time a question is answered with the hosts that are still silent as unknown."""
ELECTION_TIMEOUT_S: Final = 12.0
"""How long a cluster that no manager shows is read again, before it is read for the last time."""
ELECTION_READ_S: Final = 4.0
"""The time-out of each of these reads: engines that lost their leader delay calls for longer."""
ELECTION_PAUSE_S: Final = 1.0
MAX_CLUSTERS_AT_ONCE: Final = 8
log = logging.getLogger(__name__)


class Questions:
    """Safe to share between threads."""

    def __init__(self, services: WorkerServices) -> None:
        self._config = services.config
        self._cluster_reader = services.cluster_reader
        self._queue = services.queue
        self._outbox = services.outbox
        self._replies = services.replies
        self._approvals = services.approvals
        self._approval_step = services.approval_step
        self._watch = services.watch
        self._pending_rotations = services.pending_rotations
        self._uploads = services.uploads
        self._pictures = services.pictures

    def run(self, lease: Lease, command: Command, arguments: Any) -> None:
        """Answer the question, or request approval first."""
        plan = _plan(lease.job)
        needed = self._approval_step.rule(lease, command, arguments, plan).count
        approval = self._approvals.get(lease.job.id)
        if not needed and approval is None:
            self._answer(lease, command, arguments)
            return
        if approval is not None and approval.open:
            raise LeaseLost(lease.job.id)  # it waits for approval: another worker took it over
        try:
            facts = self._cluster_reader.read_whole(
                lease.job.order.cluster, replace(command.query(arguments), secrets=())
            )
            if command.check is not None:
                command.check(facts, arguments)
            if approval is None:
                self._approval_step.request(lease, command, arguments, plan, facts)
                return
            self._approval_step.confirm(lease, command, arguments, plan, facts, approval=approval)
        except Conclusion as error:
            if approval is None:
                self._replies.refuse(lease, error)
            else:
                self._approval_step.void(lease, error)
            return
        self._answer(lease, command, arguments)

    def _answer_for_all(self, lease: Lease, command: Command, arguments: Any) -> None:
        """Answer the question for all clusters. If some are late, answer with what is known first."""
        assert command.overview is not None  # noqa: S101 - tells mypy what the gate has seen
        query = command.query(arguments)
        overview = partial(self._aged_overview, command, query)
        with still_working(self._replies, lease) as working, self._at_once(lease, overview, working):
            found = self._read_all(lease, [*self._config.clusters], replace(query, timeout_s=FIRST_ANSWER_S))
            if late := [name for name, each in found.items() if is_unknown(each) or late_hosts(each)]:
                self._overview_early(lease, command, found, query.timeout_s)
                found |= self._read_all(lease, late, query)
        message = command.overview(found)
        result = results.success(message.text, message=to_json(message))
        self._replies.answer(lease, _with_buttons(message, lease.job), result, "answered")

    def _read_all(self, lease: Lease, clusters: list[str], query: FactsQuery) -> dict[str, Facts | SwarmbotError]:
        """Return the facts of these clusters, which are read at the same time, or why they could not be read."""
        with ThreadPoolExecutor(MAX_CLUSTERS_AT_ONCE, thread_name_prefix=f"job-{lease.job.id}") as pool:
            return dict(zip(clusters, pool.map(lambda cluster: self._reading(cluster, query), clusters), strict=True))

    def _overview_early(
        self, lease: Lease, command: Command, results: Mapping[str, Facts | SwarmbotError], timeout_s: float
    ) -> None:
        """Answer with the clusters that could be read so far. Nothing depends on it: the complete answer follows."""
        assert command.overview is not None  # noqa: S101 - tells mypy what the gate has seen
        known = {name: facts for name, facts in results.items() if isinstance(facts, Facts) and not is_unknown(facts)}
        if not known:
            return
        late = [f"{tick(host)} of {name}" for name, facts in known.items() for host in late_hosts(facts)]
        unread = [name for name in results if name not in known]
        awaited = [part for part in (not_yet_text(late, "responded"), not_yet_text(unread, "been read")) if part]
        message = command.overview({name: not_read_yet(facts, late_hosts(facts)) for name, facts in known.items()})
        try:
            self._replies.meanwhile(lease, incomplete(message, ", ".join(awaited), timeout_s))
        except SwarmbotError as error:
            log.info("Job %s has no early answer: %s", lease.job.id, error)

    def _aged_overview(self, command: Command, query: FactsQuery) -> Message | None:
        """Return the answer for all clusters from what watch read last; None if it has read none."""
        assert command.overview is not None  # noqa: S101 - tells mypy what the gate has seen
        aged = {name: self._aged(name, query) for name in self._config.clusters}
        known = {name: each for name, each in aged.items() if each is not None}
        awaited = not_yet_text([name for name in aged if name not in known], "been read")
        return incomplete(command.overview(known), awaited, query.timeout_s) if known else None

    def _aged_answer(self, aged: AgedFunction, cluster: str, query: FactsQuery) -> Message | None:
        """Return the answer from what watch read last; None if that is unknown."""
        found = self._aged(cluster, query)
        return aged(found) if found else None

    def _aged(self, cluster: str, query: FactsQuery) -> AgedSummary | None:
        """Return what watch read last of a cluster, and the records of now; None if that is unknown."""
        if (stored := self._watch.summary(cluster)) is None:
            return None
        summary, age_s = stored
        return AgedSummary(summary, self._with_records(Facts(cluster, time.time(), {}), query, read=False), age_s)

    def _reading(self, cluster: str, query: FactsQuery) -> Facts | SwarmbotError:
        try:
            return self._with_records(self._cluster_reader.read(cluster, query), query)
        except Conclusion as error:
            return error

    def _answer(self, lease: Lease, command: Command, arguments: Any) -> None:
        job = lease.job
        if not job.order.cluster:
            self._answer_for_all(lease, command, arguments)
            return
        query = command.query(arguments)
        try:
            self._wait(lease, query.wait_s)
            aged = partial(self._aged_answer, command.aged, job.order.cluster, query) if command.aged else None
            with still_working(self._replies, lease) as working, self._at_once(lease, aged, working):
                facts = self._read(lease, command, arguments)
            facts = self._pending_rotations.ensure_rotation(job.order, lease.worker, query, facts)
            assert command.answer is not None  # noqa: S101 - tells mypy what is_change has decided
            message = command.answer(self._with_records(facts, query), arguments)
            self._replies.record_shown_secrets(lease, query.secrets, unless_cancelled=True)
            if command.file is not None and (file := command.file(facts, arguments)) is not None:
                upload = Upload(file.name, file.content.reveal().encode(), file.title)
                self._uploads.send(job.order.requester, [upload], f"{order_text(job.order.words)} (`{job.id}`)")
        except Conclusion as error:
            self._replies.refuse(lease, error)
            return
        if command.picture is not None and (shown := command.picture(facts, arguments)) is not None:
            message = self._pictures.with_picture(message, shown, command.name)
        if query.secrets or holds_secret(message.blocks):
            self._replies.answer_secret(lease, message, results.success(message.text))
            return
        result = results.success(message.text, message=to_json(message))
        self._replies.answer(lease, _with_buttons(message, job), result, "answered")

    def _at_once(
        self, lease: Lease, earlier: Callable[[], Message | None] | None, working: Timer
    ) -> AbstractContextManager[Timer | None]:
        """If reading the facts takes long, answer with what watch read last meanwhile, and cancel ``working``.

        Refresh replaces an answer, which may be newer than what watch read.
        """
        if earlier is None or lease.job.order.replace:
            return nullcontext()

        def tell() -> None:
            if message := earlier():
                self._replies.meanwhile(lease, message)
                working.cancel()  # it says that more follows

        return after(AT_ONCE_S, tell, lease)

    def _wait(self, lease: Lease, seconds: float) -> None:
        """Wait before the answer, and say so. Raise LeaseLost if another worker gets the job meanwhile."""
        if not seconds:
            return
        self._replies.meanwhile(
            lease, text_message(f"{WAITING} *The answer follows in {seconds:.0f} s* · `{lease.job.id}`")
        )
        if lease.lost.wait(seconds):
            raise LeaseLost(lease.job.id)

    def _read(self, lease: Lease, command: Command, arguments: Any) -> Facts:
        """Return the facts for the answer. If some hosts are silent, answer with what is known first."""
        query, cluster = command.query(arguments), lease.job.order.cluster
        if query.secrets:
            return self._cluster_reader.read_whole(cluster, query)
        if query.examines or query.history:
            return self._cluster_reader.read(cluster, query)
        early = self._cluster_reader.read(cluster, replace(query, timeout_s=FIRST_ANSWER_S))
        silent = late_hosts(early)
        if early.swarm is not None and not silent:
            return early
        if early.swarm is not None and not set(silent) & set(query.hosts):
            self._answer_early(lease, command, arguments, not_read_yet(early, silent), silent)
        if early.swarm is None and self._needs_leader(command, arguments, early):
            return self._read_after_election(lease, query)
        return self._cluster_reader.read(cluster, query)

    def _needs_leader(self, command: Command, arguments: Any, facts: Facts) -> bool:
        """Return whether the only answer from these facts is that no manager with a quorum could be read."""
        assert command.answer is not None  # noqa: S101 - tells mypy what is_change has decided
        try:
            command.answer(self._with_records(facts, command.query(arguments)), arguments)
        except NoLeader:
            return True
        except SwarmbotError as error:
            log.debug("Without a leader there is another answer: %s", error)
        return False

    def _read_after_election(self, lease: Lease, query: FactsQuery) -> Facts:
        """Say that a leader may be elected, and return the facts once there is one; the last ones if there is none."""
        cluster = lease.job.order.cluster
        text = (
            f"{WAITING} *No manager of {cluster} that has a quorum could be read yet*: they may be electing a leader. "
        )
        text += f"The answer follows within {ELECTION_TIMEOUT_S + ELECTION_READ_S + query.timeout_s:.0f} s."
        try:
            self._replies.meanwhile(lease, text_message(text))
        except SwarmbotError as error:
            log.info("The requester of job %s was not told of the election: %s", lease.job.id, error)
        until = time.monotonic() + ELECTION_TIMEOUT_S
        while time.monotonic() < until:
            if lease.lost.wait(ELECTION_PAUSE_S):
                raise LeaseLost(lease.job.id)
            facts = self._cluster_reader.read(cluster, replace(query, timeout_s=min(query.timeout_s, ELECTION_READ_S)))
            if facts.swarm is not None:
                return facts
        return self._cluster_reader.read(cluster, query)

    def _answer_early(self, lease: Lease, command: Command, arguments: Any, facts: Facts, silent: list[str]) -> None:
        """Answer with what is known. Nothing depends on it: the complete answer follows."""
        assert command.answer is not None  # noqa: S101 - tells mypy what is_change has decided
        query = command.query(arguments)
        try:
            message = command.answer(self._with_records(facts, query), arguments)
            self._replies.meanwhile(
                lease, incomplete(message, not_yet_text([*map(tick, silent)], "responded"), query.timeout_s)
            )
        except SwarmbotError as error:
            log.info("Job %s has no early answer: %s", lease.job.id, error)

    def _with_records(self, facts: Facts, query: FactsQuery, *, read: bool = True) -> Facts:
        """Return the facts with what Swarmbot's own records say of the cluster.

        ``read``: whether there are facts of the cluster, which show whether the plans of changes still apply.
        """
        facts = replace(facts, freeze=self._approval_step.freeze(facts.name))
        if query.incidents:
            unwatched = self._watch.unwatched_since(facts.name, time.time())
            facts = replace(facts, incidents=self._watch.open_incidents(facts.name), unwatched_since=unwatched)
        if not query.open_changes:
            return facts
        closed = self._outbox.channel_problem(self._config.clusters[facts.name].channel)
        changes = open_changes(self._queue, self._approvals, facts.name, facts if read else None)
        return replace(facts, open_changes=changes, closed_channel=closed)


def _plan(job: Job) -> Plan:
    """Return a question as a plan to approve: without steps, only with what would be shown."""
    text = f"see what {order_text(job.order.words)} shows in {job.order.cluster}"
    return Plan(PlanTitles(imperative=text), effect="shown only to the requester")


def _with_buttons(message: Message, job: Job) -> Message:
    """Return the answer with its buttons.

    What is answered in a thread is shared already, and what was asked in Home has no channel to share it in.
    """
    share = [] if job.order.thread or not job.order.channel else [button("Share", "answer.share", job.id)]
    row = actions(*share, button("Refresh", "answer.refresh", job.id))
    return replace(message, blocks=(*message.blocks, row), plain=(*message.plain, row) if message.plain else ())
