"""A parsed command: who requests what, where, and by which of Slack's requests."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from bot.audit import Entry
from bot.blocks import tick
from bot.commands import ALL_NODES, Command
from bot.commands.command import Parameter
from bot.commands.grammar import PLAN_FLAG
from bot.queue.job import Job, Order, new_id
from bot.secrets.redact import redact
from bot.secrets.secret import Secret
from bot.slack.inbound.requests import PressRequest, SubmitRequest
from bot.store.keys import Lane
from bot.stored_json import from_plain
from bot.text.mrkdwn import cut_short

MAX_SHOWN_CHARS: Final = 80
"""How much of a command a refusal repeats."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command with its arguments, requester and place."""

    command: Command
    arguments: Any
    words: str
    """As typed, with secrets masked."""
    cluster: str
    """"" for a command that concerns no single cluster."""
    user: str
    """U…"""
    channel: str
    response_url: str
    request_key: str
    """A second delivery of the same request has the same key."""
    replace: bool = False
    """Whether the answer replaces the message with the button."""
    reason: str = ""
    """From ``--reason``."""
    only_plan: bool = False
    """From ``--plan``."""
    accepts_costs: bool = False
    """From ``--yes``."""
    thread: str = ""
    """The message in whose thread it is answered; "" if it is answered privately."""
    secret: Secret | None = None
    """What was typed into the form of a command that needs one."""

    @property
    def shown(self) -> str:
        """The command in a refusal, with its flags: "`/swarm promote host-2` in prod"."""
        return tick(cut_short(f"/swarm {self.words}", MAX_SHOWN_CHARS)) + (
            f" in {self.cluster}" if self.cluster else ""
        )

    @property
    def nodes(self) -> tuple[str, ...]:
        """The hosts and nodes that the command names."""
        return _nodes(self.arguments)

    @property
    def services(self) -> tuple[str, ...]:
        """The services that the command names, by the kinds of its words and flags."""
        return tuple(
            service(value)
            for parameter in self.command.parameters
            if parameter.spec.kind and (service := parameter.spec.kind.service)
            for value in self._values(parameter)
        )

    def _values(self, parameter: Parameter) -> tuple[Any, ...]:
        value = getattr(self.arguments, parameter.name)
        if parameter.many:
            return tuple(value)
        return (value,) if value else ()

    def entry(self, action: str, *, job: str = "", detail: str = "") -> Entry:
        """Return an audit entry about this call."""
        return Entry(
            action=action,
            by=self.user,
            cluster=self.cluster,
            channel=self.channel,
            command=self.command.name,
            words=self.words,
            job=job,
            detail=detail,
            nodes=self.nodes,
            question=action == "asked" and not self._changes,
        )

    @property
    def _changes(self) -> bool:
        return self.command.is_change(self.arguments) or self.command.control is not None

    def order(self, lane: Lane) -> Order:
        """Return the call as the order of a job."""
        return Order(
            id=new_id(),
            request_key=self.request_key,
            lane=lane,
            command=self.command.name,
            words=self.words,
            args=asdict(self.arguments),
            cluster=self.cluster,
            requester=self.user,
            channel=self.channel,
            response_url=self.response_url,
            asked_at=time.time(),
            replace=self.replace,
            reason=redact(self.reason),
            only_plan=self.only_plan,
            accepts_costs=self.accepts_costs,
            thread=self.thread,
        )


def internal_order(command: str, request: PressRequest | SubmitRequest, *, args: dict[str, Any], cluster: str) -> Order:
    """Return the order of an internal job (:mod:`bot.execution.internal_jobs`) that a press or a form starts."""
    channel, response_url = (request.channel, request.response_url) if isinstance(request, PressRequest) else ("", "")
    return Order(
        id=new_id(),
        request_key=request.request_key,
        lane="concurrent",
        command=command,
        words=command,
        args=args,
        cluster=cluster,
        requester=request.user,
        channel=channel,
        response_url=response_url,
        asked_at=time.time(),
    )


def repeat(
    command: Command, args: Any, request: PressRequest, job: Job, *, replace: bool = False, run: bool = False
) -> Call:
    """Return the call of a person who pressed a button of ``job``; ``args`` are the command's arguments from JSON.

    ``run``: without the ``--plan`` of that order.
    """
    order = job.order
    same = command.name == order.command
    words = order.words.removesuffix(f" {PLAN_FLAG}") if run else order.words
    return Call(
        command=command,
        arguments=from_plain(command.arguments, dict(args)),
        words=words if same else f"{command.name} {job.id}",
        cluster=order.cluster,
        user=request.user,
        channel=request.channel,
        response_url=request.response_url,
        request_key=request.request_key,
        replace=replace,
        reason=order.reason if same else "",
        only_plan=order.only_plan and same and not run,
        thread=order.thread if request.channel == order.channel and not replace else "",
    )


def _nodes(arguments: Any) -> tuple[str, ...]:
    """Return the hosts and nodes that a command names."""
    several = (getattr(arguments, name, ()) for name in ("hosts", "nodes"))
    named = (*several, [getattr(arguments, name, "") for name in ("host", "node", "name")])
    return tuple(name for names in named for name in names if isinstance(name, str) and name not in {"", ALL_NODES})
