"""The one way in: words → who may → audit → queue. Whatever Slack delivers passes here; nothing else starts work."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import TypeAdapter

import handlers  # noqa: F401 - importing it registers the commands
from bot import freeze, policy
from bot.audit import Audit, Entry
from bot.commands import COMMANDS, CancelJob, Command, Control, Vocabulary, find_command, read_arguments, read_sentence
from bot.config import Config, choose_cluster
from bot.errors import NotUnderstood, Refused
from bot.jobs.job import Job, Order, new_id
from bot.jobs.queue import Queue
from bot.people import Directory
from bot.records import Records
from bot.redact import redact
from bot.slack.blocks import Message, channel, section, tick
from bot.slack.requests import PressRequest, SlashRequest

# These are for finding out where one is: they answer in any channel.
ANYWHERE = frozenset({"help", "whoami", "job", "cancel"})


@dataclass(frozen=True, slots=True)
class Call:
    """A command that was understood: who asks for what, where, and through which of Slack's requests."""

    command: Command
    arguments: Any
    words: str
    cluster: str
    user: str
    channel: str
    response_url: str
    request_key: str
    replace: bool = False

    def entry(self, action: str, *, job: str = "", detail: str = "") -> Entry:
        """An audit entry about this call."""
        return Entry(
            action=action,
            by=self.user,
            cluster=self.cluster,
            channel=self.channel,
            command=self.command.name,
            words=self.words,
            job=job,
            detail=detail,
            nodes=_nodes(self.arguments),
        )


class Gate:
    """See :class:`bot.slack.requests.GateLike`. Safe to share between threads; holds no keys and reaches no host."""

    def __init__(
        self, config: Config, queue: Queue, audit: Audit, directory: Directory, freezes: freeze.Freezes
    ) -> None:
        self._config = config
        self._queue = queue
        self._audit = audit
        self._directory = directory
        self._freezes = freezes
        self._records = Records(config, queue, audit, directory)

    def slash(self, request: SlashRequest) -> Message | None:
        """Take a command; the answer is what is told to the asker at once."""
        sentence = read_sentence(request.text)
        command = find_command(sentence.name)
        cluster = self._cluster(command, request.channel, sentence.cluster)
        hosts = tuple(self._config.clusters[cluster].hosts) if cluster else ()
        call = Call(
            command=command,
            arguments=read_arguments(command, sentence.words, Vocabulary(cluster, hosts)),
            words=redact(" ".join((sentence.name, *sentence.words))),
            cluster=cluster,
            user=request.user,
            channel=request.channel,
            response_url=request.response_url,
            request_key=request.request_key,
        )
        return self._take(call)

    def press(self, request: PressRequest) -> Message | None:
        """Take a button. It carries a job's id and nothing that is trusted: the job is read again."""
        job = self._queue.get(request.value) if request.value else None
        if request.action == "secret.hide":
            self._errand(request, "hide", cluster="")
            return None
        if job is None:
            raise NotUnderstood("This button belongs to a job that is not kept any more.", next_step="Ask again.")
        if request.action == "answer.share":
            if job.order.requester != request.user:
                raise Refused("only who asked can share an answer.")
            self._errand(request, "share", cluster=job.order.cluster)
            return None
        if request.action == "job.cancel":
            return self._take(self._again(COMMANDS["cancel"], {"id": job.id}, request, job))
        if request.action not in {"answer.refresh", "job.retry"} or job.order.command not in COMMANDS:
            raise NotUnderstood("This button is from an older Swarmbot.", next_step="Ask again with `/swarm`.")
        if request.action == "job.retry" and not job.ended:
            raise Refused(f"job {tick(job.id)} has not ended.", next_step=f"`/swarm job {job.id}` shows it.")
        call = self._again(COMMANDS[job.order.command], job.order.args, request, job)
        return self._take(replace(call, replace=request.action == "answer.refresh"))

    def _take(self, call: Call) -> Message | None:
        self._authorise(call)
        if call.command.control is not None:
            return self._control(call, call.command.control(call.arguments))
        if call.command.record is not None:
            return self._record(call)
        return self._admit(call)

    def _cluster(self, command: Command, channel_id: str, named: str) -> str:
        try:
            return choose_cluster(self._config, channel_id, named or None)
        except NotUnderstood:
            if command.name in ANYWHERE and not named:
                return ""
            raise

    def _authorise(self, call: Call) -> None:
        permission = call.command.permission(call.arguments)
        groups = policy.groups_to_ask(self._config, permission, call.user)
        membership = self._directory.membership(call.user, groups)
        doing = f"`/swarm {call.command.name}`" + (f" in {call.cluster}" if call.cluster else "")
        decision = policy.decide(self._config, permission, membership, doing)
        if isinstance(decision, policy.Refuse):
            self._audit.append([call.entry("refused", detail=decision.reason.happened)])
            raise decision.reason

    def _admit(self, call: Call) -> Message | None:
        """Store the job; what is told then is the truth about its place in the queue."""
        change = call.command.is_change(call.arguments)
        order = Order(
            id=new_id(),
            request_key=call.request_key,
            kind="change" if change else "question",
            command=call.command.name,
            words=call.words,
            args=asdict(call.arguments),
            cluster=call.cluster,
            requester=call.user,
            channel=call.channel,
            response_url=call.response_url,
            asked_at=time.time(),
            replace=call.replace,
        )
        admission = self._queue.admit(order, [call.entry("asked", job=order.id)])
        if not admission.workers:
            return _say(
                f"Stored as job {tick(admission.job_id)}, but no worker is running: it starts as soon as one does.",
            )
        if not change or admission.duplicate:
            return None
        where = channel(self._config.clusters[call.cluster].channel)
        turn = f" It starts when {tick(admission.ahead)} has ended." if admission.ahead else ""
        return _say(
            f"On it: {tick('/swarm ' + call.words)} is job {tick(admission.job_id)}; its steps show in {where}.{turn}"
        )

    def _record(self, call: Call) -> Message:
        assert call.command.record is not None  # noqa: S101 - tells mypy what _take has seen
        look = call.command.look(call.arguments)
        if self._records.reads(look):
            self._audit.append([call.entry("asked")])
        book = self._records.read(look, cluster=call.cluster, asker=call.user)
        return call.command.record(book, call.arguments)

    def _control(self, call: Call, control: Control) -> Message:
        if isinstance(control, CancelJob):
            return self._cancel(call, control.job)
        return freeze.carry_out(self._freezes, control, call.cluster, call.entry("asked"), time.time())

    def _cancel(self, call: Call, job_id: str) -> Message:
        result = self._queue.cancel(job_id, call.user, [call.entry("cancelled", job=job_id)])
        if result == "unknown":
            raise NotUnderstood(f"There is no job {tick(job_id)}.", next_step="`/swarm jobs` lists the newest.")
        told = {
            "cancelled": f"Job {tick(job_id)} is cancelled. Nothing was changed.",
            "stopping": f"Job {tick(job_id)} stops before its next step; what is done stays done.",
            "ended": f"Job {tick(job_id)} had ended before: `/swarm job {job_id}` shows how.",
        }
        return _say(told[result])

    def _again(self, command: Command, args: Any, request: PressRequest, job: Job) -> Call:
        return Call(
            command=command,
            arguments=TypeAdapter(command.arguments).validate_python(dict(args)),
            words=job.order.words if command.name == job.order.command else f"{command.name} {job.id}",
            cluster=job.order.cluster,
            user=request.user,
            channel=request.channel,
            response_url=request.response_url,
            request_key=request.request_key,
        )

    def _errand(self, request: PressRequest, errand: str, cluster: str) -> None:
        order = Order(
            id=new_id(),
            request_key=request.request_key,
            kind="question",
            command=errand,
            words=errand,
            args={"job": request.value},
            cluster=cluster,
            requester=request.user,
            channel=request.channel,
            response_url=request.response_url,
            asked_at=time.time(),
        )
        entry = Entry(errand, request.user, cluster=cluster, channel=request.channel, job=request.value)
        self._queue.admit(order, [entry])


def _say(text: str) -> Message:
    return Message(text, (section(text),))


def _nodes(arguments: Any) -> tuple[str, ...]:
    """The hosts and nodes that a command names, for the audit log's filter."""
    named = (getattr(arguments, "hosts", ()), (getattr(arguments, "host", ""), getattr(arguments, "name", "")))
    return tuple(name for names in named for name in names if name)
