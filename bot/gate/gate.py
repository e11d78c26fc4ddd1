"""Whatever Slack delivers passes here: words → who may → audit → queue. Nothing else starts work."""

from __future__ import annotations

import time
from dataclasses import replace

from bot import policy
from bot.approvals.rule import rule_for
from bot.blocks import Message, channel, text_message, tick
from bot.blocks.modals import FieldErrors, Modal
from bot.commands import Command, Vocabulary, read_arguments, read_options, read_sentence
from bot.config import choose_cluster
from bot.errors import NotUnderstood
from bot.gate.call import Call
from bot.gate.interactions import Interactions
from bot.gate.record_commands import TURNS, RecordCommands
from bot.gate.secret_form import CALLBACK
from bot.gate.services import GateServices
from bot.secrets.redact import redact
from bot.slack.inbound.requests import PressRequest, SlashRequest, SubmitRequest, press_as_command

# These are for finding out where one is: they answer in any channel.
ANYWHERE = frozenset({"help", "whoami", "job", "cancel", "totp"})
EVERY_CLUSTER = "all"
TYPES = "command.type"
"""A button that types its value for whoever presses it: it gives no right that the words themselves would not."""


class Gate:
    """The gate that :class:`bot.slack.inbound.requests.GateLike` describes.

    Safe to share between threads; holds no keys and reaches no host.
    """

    def __init__(self, services: GateServices) -> None:
        self._config = services.config
        self._commands = services.commands
        self._queue = services.queue
        self._audit = services.audit
        self._user_groups = services.user_groups
        self._answers = RecordCommands(services.commands, services.records, services.audit, services.queue)
        self._freezes = services.freezes
        self._controls = services.control_commands
        self._form = services.secret_form
        self._buttons = Interactions(services, self.take)

    def slash(self, request: SlashRequest) -> Message | Modal | None:
        """Take a command; the answer is what is told to the asker at once, or the form that asks for a secret."""
        sentence = read_sentence(request.text)
        command = self._commands.find(sentence.name)
        cluster = self._cluster(command, request.channel, sentence.cluster)
        hosts = tuple(self._config.clusters[cluster].hosts) if cluster else ()
        options, words = read_options(command, sentence.words)
        call = Call(
            command=command,
            arguments=read_arguments(command, words, Vocabulary(cluster, hosts)),
            words=redact(" ".join((sentence.name, *words))),
            cluster=cluster,
            user=request.user,
            channel=request.channel,
            response_url=request.response_url,
            request_key=request.request_key,
            reason=options.reason,
            only_plan=options.only_plan,
        )
        if call.only_plan and not command.is_change(call.arguments):
            raise NotUnderstood(
                f"`--plan` shows what a change would do, and {tick('/swarm ' + call.words)} changes nothing.",
                next_step="Leave it out.",
            )
        return self.take(call)

    def press(self, request: PressRequest) -> Message | Modal | None:
        """Take a button."""
        if request.action in TURNS:
            return self._answers.turn(request, self._authorise)
        if request.action == TYPES:
            return self.slash(press_as_command(request))
        return self._buttons.press(request)

    def submit(self, request: SubmitRequest) -> Message | FieldErrors | None:
        """Take a form."""
        if request.callback != CALLBACK:
            return self._buttons.submit(request)
        call = self._form.read(request)
        if isinstance(call, FieldErrors):
            return call
        self._authorise(call)
        return self._admit(call)

    def take(self, call: Call) -> Message | Modal | None:
        """Take a call that was understood, if the caller may make it; a form is opened for what it still needs."""
        self._authorise(call)
        asks = call.command.asks_for(call.arguments)
        if asks is not None and not call.only_plan:
            return self._form.open(call, asks)
        if call.command.control is not None:
            return self._controls.run(call, call.command.control(call.arguments))
        if call.command.record is not None:
            return self._answers.give(call)
        return self._admit(call)

    def _cluster(self, command: Command, channel_id: str, named: str) -> str:
        try:
            return choose_cluster(self._config, channel_id, named or None)
        except NotUnderstood:
            if (command.name in ANYWHERE and not named) or (command.name == "audit" and named == EVERY_CLUSTER):
                return ""
            raise

    def _authorise(self, call: Call) -> None:
        permission = call.command.permission(call.arguments)
        groups = policy.groups_to_ask(self._config, permission, call.user)
        membership = self._user_groups.membership(call.user, groups)
        decision = policy.decide(self._config, permission, membership, call.doing)
        if isinstance(decision, policy.Refuse):
            self._audit.append([call.entry("refused", detail=decision.reason.happened)])
            raise decision.reason

    def _admit(self, call: Call) -> Message | None:
        """Store the job; what is told then is the truth about its place in the queue."""
        change = call.command.is_change(call.arguments)
        asks = self._may_need_approval(call)
        order = call.order("exclusive" if change and not asks and not call.only_plan else "concurrent")
        order = replace(order, secret_id=self._form.keep(call))
        admission = self._queue.admit(order, [call.entry("asked", job=order.id, detail=order.reason)])
        if admission.duplicate and order.secret_id:
            self._form.drop(call, order.secret_id)
        if not admission.workers:
            return text_message(
                f"Stored as job {tick(admission.job_id)}, but no worker is running: it starts as soon as one does.",
            )
        if not (change or asks) or admission.duplicate or call.only_plan:
            return None
        where = channel(self._config.clusters[call.cluster].channel)
        turn = f" It starts when {tick(admission.ahead)} has ended." if admission.ahead else ""
        taken = f"On it: {tick('/swarm ' + call.words)} is job {tick(admission.job_id)}"
        if not change:
            return text_message(f"{taken}. It needs approval first, in {where}. Only you will see the answer.")
        if asks:
            return text_message(f"{taken}. If it needs approval, the request is posted in {where}; so is the result.")
        return text_message(f"{taken}; its progress is shown in {where}.{turn}")

    def _may_need_approval(self, call: Call) -> bool:
        command = call.command
        rule = rule_for(self._config, call.cluster, command.subject(call.arguments), command.approval(call.arguments))
        if not command.is_change(call.arguments):
            return bool(rule.count)
        return bool(rule.count or command.raises) or self._freezes.active(call.cluster, time.time()) is not None
