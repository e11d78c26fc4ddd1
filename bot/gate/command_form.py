"""The form of a command that is typed without arguments. Submitted, it is the command with the words of its fields."""

from __future__ import annotations

import html
import json
from dataclasses import asdict, dataclass
from typing import Final

from bot.blocks import Block, plain_line
from bot.blocks.modals import FieldErrors, Modal
from bot.commands import Command, CommandRegistry, Vocabulary
from bot.commands.forms import KnownNames, field_of, form_blocks, form_problems, form_words, plain_problem
from bot.config import Config, cluster_of_channel
from bot.errors import SwarmbotError
from bot.gate.form_metadata import form_metadata, other_version
from bot.last_read import LastRead
from bot.slack.inbound.requests import PressRequest, SlashRequest, SubmitRequest

CALLBACK: Final = "command.fill"
ADDS_HOSTS: Final = frozenset({"init", "join"})
"""Commands for hosts that are no nodes yet."""


@dataclass(frozen=True, slots=True)
class FormMetadata:
    """What a form carries. It comes back from Slack, so the command is parsed and authorised again."""

    command: str
    cluster: str
    channel: str
    response_url: str


class CommandForms:
    """Safe to share between threads. Raises Unavailable."""

    def __init__(self, config: Config, commands: CommandRegistry, last_read: LastRead) -> None:
        self._config = config
        self._commands = commands
        self._last_read = last_read

    def open(self, command: Command, request: SlashRequest, cluster: str) -> Modal:
        """Return the form."""
        metadata = FormMetadata(command.name, cluster, request.channel, request.response_url)
        blocks = form_blocks(command, self._names(command, cluster), self._place(metadata))
        return _modal(command, metadata, blocks)

    def changed(self, request: PressRequest) -> Modal:
        """Return the form with the words of what was entered so far."""
        metadata, command = self._read(request.private_metadata)
        names = self._names(command, metadata.cluster)
        blocks = form_blocks(command, names, self._place(metadata), request.values)
        return _modal(command, metadata, blocks, (request.view_id, request.view_hash))

    def read(self, request: SubmitRequest) -> tuple[SlashRequest, str] | FieldErrors:
        """Return the command of a submitted form as if it were typed now, and its cluster; or what is wrong in it."""
        metadata, command = self._read(request.private_metadata)
        hosts = tuple(self._config.clusters[metadata.cluster].hosts)
        problems = form_problems(command, request.values, Vocabulary(metadata.cluster, hosts, tuple(self._commands)))
        if problems:
            return FieldErrors(problems)
        text = html.escape(form_words(command, request.values), quote=False)  # as Slack delivers what is typed
        place = (metadata.channel, metadata.response_url, request.request_key)
        return SlashRequest(text, request.user, *place, ""), metadata.cluster

    def problem(self, request: SubmitRequest, error: SwarmbotError) -> FieldErrors:
        """Return an error of the whole command at the field that it names."""
        _, command = self._read(request.private_metadata)
        return FieldErrors({field_of(command, f"{error.happened} {error.next_step}"): plain_problem(error)})

    def _read(self, stored: str) -> tuple[FormMetadata, Command]:
        """Return the metadata and the command.

        Raise NotUnderstood if this version, or swarmbot.yml now, does not have them.
        """
        metadata = FormMetadata(**form_metadata(stored, *FormMetadata.__slots__))
        if metadata.command not in self._commands or metadata.cluster not in self._config.clusters:
            raise other_version()
        return metadata, self._commands[metadata.command]

    def _names(self, command: Command, cluster: str) -> KnownNames:
        """Return the names that the form offers: for new members the hosts that were no nodes when last read."""
        section = self._config.clusters[cluster]
        nodes, services = self._last_read.nodes(cluster), self._last_read.services(cluster)
        hosts, note = tuple(section.hosts), ""
        if command.name in ADDS_HOSTS and nodes is not None:
            hosts = tuple(host for host in hosts if not nodes.has(host))
            note = "" if hosts else f"Each host of {plain_line(cluster)} in swarmbot.yml is a node already."
        return KnownNames(
            hosts=hosts,
            nodes=nodes.names if nodes else hosts,
            services=services.names if services else (),
            stacks=tuple(section.stacks),
            note=note,
        )

    def _place(self, metadata: FormMetadata) -> str:
        here = cluster_of_channel(self._config, metadata.channel) == metadata.cluster
        return "" if here else f" --cluster {metadata.cluster}"


def _modal(
    command: Command, metadata: FormMetadata, blocks: list[Block], replaces: tuple[str, str] = ("", "")
) -> Modal:
    title = f"{command.word} in {metadata.cluster}"
    return Modal(CALLBACK, json.dumps(asdict(metadata)), title, command.word.title(), blocks, replaces)
