"""The one way in for everything that Slack delivers: parse → authorise → audit → queue. Nothing else starts work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from bot.blocks import RUNNING, Message, error_message, text_message, tick
from bot.blocks.modals import FieldErrors, Modal
from bot.commands import (
    RUN_COMMAND,
    SHARED_WORDS,
    Command,
    Sentence,
    Vocabulary,
    base_permission,
    meant_command,
    read_arguments,
    read_options,
    read_sentence,
    typed_again,
)
from bot.config import ClusterNeeded, choose_cluster, cluster_of_channel
from bot.errors import NotAllowed, NotUnderstood, Refused, SwarmbotError, Unavailable
from bot.execution.progress_card import OFFER
from bot.execution.secret_request import FORM_BUTTON
from bot.gate.authorisation import Authorisation
from bot.gate.call import Call
from bot.gate.cluster_choice import BUTTON as CHOOSE_CLUSTER
from bot.gate.command_form import CALLBACK as FORM_CALLBACK
from bot.gate.form_metadata import other_version
from bot.gate.incident_buttons import INCIDENT_BUTTONS, IncidentButtons
from bot.gate.interactions import Interactions
from bot.gate.mention_refusals import form_needed, refuse_foreign_or_old
from bot.gate.menu import menu
from bot.gate.queued_orders import QueuedOrders
from bot.gate.record_commands import PAGE_BUTTONS, RecordCommands
from bot.gate.secret_form import CALLBACK
from bot.gate.services import GateServices
from bot.gate.text_form import CALLBACK as TEXT_CALLBACK
from bot.gate.text_form import FIELD, submitted_command, text_form
from bot.secrets.redact import redact
from bot.secrets.secret import Secret
from bot.slack.inbound.requests import (
    MentionRequest,
    PressRequest,
    SlashRequest,
    SubmitRequest,
    press_as_command,
)
from bot.stored_json import from_json, to_json

# These answer in any channel, for example to find the right one.
ANY_CHANNEL_COMMANDS = frozenset({"help", "whoami", "job", "cancel", "totp"})
ALL_CLUSTERS = "all"
ANSWER_FOLLOWS = text_message(f"{RUNNING} *On it*: the answer comes as a direct message (tab Messages).")
"""The answer to a press in Home or in a form, where a worker cannot show anything."""


class Gate:
    """Implements :class:`bot.slack.inbound.requests.GateLike`. Safe to share between threads. Cannot reach a host."""

    def __init__(self, services: GateServices) -> None:
        self._config = services.config
        self._commands = services.commands
        self._authorisation = Authorisation(
            services.config, services.user_groups, services.audit, services.early_refusals
        )
        self._queued_orders = QueuedOrders(services)
        self._record_commands = RecordCommands(services.commands, services.records, services.audit, services.queue)
        self._control_commands = services.control_commands
        self._last_read = services.last_read
        self._secret_form = services.secret_form
        self._cluster_choices = services.cluster_choices
        self._command_forms = services.command_forms
        self._typed_files = services.typed_files
        self._handled_requests = services.handled_requests
        self._homes = services.homes
        self._incident_buttons = IncidentButtons(services.watch, services.config)
        self._interactions = Interactions(services, self.take, self._authorisation.require)

    def slash(self, request: SlashRequest, chosen: str = "") -> Message | Modal | None:
        """Handle a command; return the immediate answer for the requester. A button may have ``chosen`` its cluster."""
        if not request.text.strip():
            return self._menu(request, chosen)
        sentence = read_sentence(request.text)
        if (empty := self._empty_form(request, sentence, chosen)) is not None:
            return empty
        call = self._parsed(request, sentence, chosen)
        if isinstance(call, Message):
            return call
        form = call.command.form
        if form is not None and form.asked_for(call.arguments):
            self._authorisation.require(call)
            if request.thread:
                raise form_needed(call)
            self._typed_files.require()
            last = self._typed_files.last(call.cluster, call.user, form.about(call.arguments))
            return text_form(call, form, request, last)
        return self.take(call)

    def _menu(self, request: SlashRequest, chosen: str) -> Message:
        may = self._authorisation.permissions(request.user)
        cluster = chosen or cluster_of_channel(self._config, request.channel) or ""
        return menu(cluster, lambda word: base_permission(self._commands[word]) in may)

    def _empty_form(self, request: SlashRequest, sentence: Sentence, chosen: str) -> Message | Modal | None:
        """Return the form of a command that was typed without arguments; None if it needs none.

        A message has no trigger to open a form with: its author reads the usage.
        """
        command = self._commands.get(sentence.name)
        if command is None or not command.has_form or sentence.words or request.thread:
            return None
        cluster = self._cluster_or_offer(command, request, chosen or sentence.cluster)
        if isinstance(cluster, Message):
            return cluster
        shown = f"{tick('/swarm ' + command.word)} in {cluster}"
        self._authorisation.require_for_form(base_permission(command), request.user, shown)
        return self._command_forms.open(command, request, cluster)

    def _cluster_or_offer(self, command: Command, request: SlashRequest, named: str) -> str | Message:
        """Return the command's cluster; if it is not known, the message that lets people choose one."""
        try:
            return self._cluster(command, request.channel, named)
        except ClusterNeeded:
            offer = self._cluster_choices.offer(request, *([ALL_CLUSTERS] if _is_for_all(command) else []))
            if offer is None:
                raise
            return offer

    def _parsed(self, request: SlashRequest, sentence: Sentence, chosen: str) -> Call | Message:
        """Return the call of a command; if its cluster is not known, the message that lets people choose one."""
        command = self._commands.find(sentence.name)
        cluster = self._cluster_or_offer(command, request, chosen or sentence.cluster)
        if isinstance(cluster, Message):
            return cluster
        vocabulary = self._vocabulary(sentence.name, cluster)
        command = meant_command(self._commands, sentence, vocabulary)
        options, words = read_options(command, sentence.words)
        typed = redact(typed_again((sentence.name, *words)))
        call = Call(
            command=command,
            arguments=read_arguments(command, words, vocabulary),
            words=f"{typed} --plan" if options.only_plan else typed,
            cluster=cluster,
            user=request.user,
            channel=request.channel,
            response_url=request.response_url,
            request_key=request.request_key,
            reason=options.reason,
            only_plan=options.only_plan,
            accepts_costs=options.accepts_costs,
            thread=request.thread,
        )
        if call.only_plan and not command.is_change(call.arguments):
            raise NotUnderstood(
                f"`--plan` is for changes, and {tick('/swarm ' + typed)} changes nothing.",
                next_step="Run it without `--plan`.",
            )
        return call

    def mention(self, request: MentionRequest) -> Message | None:
        """Handle a command in a message to the bot, as if it had been typed with a slash. See GateLike."""
        command = request.command
        if not self._handled_requests.begin(command.request_key):
            return None
        with self._delivery(command.request_key):
            refuse_foreign_or_old(request, time.time())
            answer = self.slash(command)
        self._handled_requests.end(command.request_key)
        return answer if isinstance(answer, Message) else None

    def press(self, request: PressRequest) -> Message | Modal | None:
        """Handle the press of a button. A second delivery has no answer: the first one was sent as a message."""
        key = request.request_key
        if not self._handled_requests.begin(key):
            return None
        with self._delivery(key):
            answer = self._press(request)
        self._handled_requests.end(key)
        if request.view:
            with suppress(Unavailable):  # the press was carried out: the answer must not deny that
                self._homes.changed(request.user)
        return answer

    def home_opened(self, user: str, *, empty: bool) -> None:
        """Publish a person's Home. See GateLike."""
        self._homes.opened(user, empty=empty)

    def submit(self, request: SubmitRequest) -> Message | Modal | FieldErrors | None:
        """Handle a submitted form. A second delivery has the same answer: it takes the place of the form."""
        key = request.request_key
        if not self._handled_requests.begin(key):
            stored_answer = self._handled_requests.answer(key)
            return from_json(Message, stored_answer) if stored_answer else None
        with self._delivery(key):
            answer = self._submit(request)
        if isinstance(answer, FieldErrors | Modal):
            self._handled_requests.forget(key)  # nothing was done, and the next submission of a form has the same key
        else:
            self._handled_requests.end(key, to_json(answer) if answer else "")
        return answer

    @contextmanager
    def _delivery(self, key: str) -> Iterator[None]:
        """Record how a request that raises an error was handled, unless nothing was done."""
        try:
            yield
        except Unavailable:
            self._handled_requests.forget(key)
            raise
        except SwarmbotError as error:
            self._handled_requests.end(key, to_json(error_message(error)))
            raise

    def _press(self, request: PressRequest) -> Message | Modal | None:
        if request.callback == FORM_CALLBACK:
            return self._command_forms.changed(request)
        if request.action in PAGE_BUTTONS:
            return self._record_commands.turn_page(request, self._authorisation.require)
        if (typed := self._as_typed(request)) is not None:
            answer = self.slash(*typed)
            return ANSWER_FOLLOWS if answer is None and request.view else answer
        if request.action == FORM_BUTTON:
            self._authorisation.require(self._secret_form.call(request))
            return self._secret_form.open(request)
        return self._interactions.press(request)

    def _as_typed(self, request: PressRequest) -> tuple[SlashRequest, str] | None:
        """Return the command that a button stands for, with the cluster that it has chosen; None for another button."""
        if request.action == CHOOSE_CLUSTER:
            return self._cluster_choices.chosen(request)
        if request.action == RUN_COMMAND:
            return press_as_command(request), ""
        if request.action in INCIDENT_BUTTONS:
            return self._incident_buttons.command(request)
        return self._interactions.offered(request) if request.action == OFFER else None

    def _submit(self, request: SubmitRequest) -> Message | Modal | FieldErrors | None:
        if request.callback == FORM_CALLBACK:
            return self._submit_command(request)
        if request.callback == TEXT_CALLBACK:
            return self._submit_text(request)
        if request.callback != CALLBACK:
            return self._interactions.submit(request)
        call = self._secret_form.read(request)
        if isinstance(call, FieldErrors):
            return call
        self._authorisation.require(call)
        return self._queued_orders.admit(call)

    def _submit_command(self, request: SubmitRequest) -> Message | Modal | FieldErrors | None:
        """Run the command of a form. An error in its words is shown at a field, and the form stays open."""
        typed = self._command_forms.read(request)
        if isinstance(typed, FieldErrors):
            return typed
        try:
            return self.slash(*typed)
        except NotAllowed:
            raise
        except (NotUnderstood, Refused) as error:
            return self._command_forms.problem(request, error)

    def _submit_text(self, request: SubmitRequest) -> Message | FieldErrors | None:
        typed, cluster, text = submitted_command(request)
        call = self._parsed(typed, read_sentence(typed.text), cluster)
        form = call.command.form if isinstance(call, Call) else None
        if not isinstance(call, Call) or form is None:
            raise other_version()
        self._authorisation.require(call)
        if problem := form.problem(text):
            return FieldErrors({FIELD: problem})
        file_id = self._typed_files.keep(call.cluster, call.user, form.about(call.arguments), Secret(text))
        return self._queued_orders.admit(replace(call, arguments=replace(call.arguments, **{form.argument: file_id})))

    def take(self, call: Call) -> Message | None:
        """Authorise and run a call."""
        self._authorisation.require(call)
        if call.command.control is not None:
            return self._control_commands.run(call, call.command.control(call.arguments))
        if call.command.record is not None:
            return self._record_commands.answer(call)
        return self._queued_orders.admit(call)

    def _vocabulary(self, word: str, cluster: str) -> Vocabulary:
        """Return the names that words can mean; those last read only for a word that means a node or a service."""
        hosts = tuple(self._config.clusters[cluster].hosts) if cluster else ()
        known = Vocabulary(cluster, hosts, tuple(self._commands))
        if not cluster or word not in SHARED_WORDS:
            return known
        nodes, services = self._last_read.nodes(cluster), self._last_read.services(cluster)
        return replace(
            known,
            nodes=(*nodes.names, *nodes.hostnames) if nodes else (),
            services=services.names if services else (),
        )

    def _cluster(self, command: Command, channel_id: str, named: str) -> str:
        try:
            return choose_cluster(self._config, channel_id, named or None)
        except NotUnderstood:
            if (command.name in ANY_CHANNEL_COMMANDS and not named) or (_is_for_all(command) and named == ALL_CLUSTERS):
                return ""
            raise


def _is_for_all(command: Command) -> bool:
    """Return whether the command can be about all clusters at once."""
    return command.name == "audit" or command.overview is not None
