"""A command that was understood: who asks for what, where, and through which of Slack's requests."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Final

from pydantic import TypeAdapter

from bot.audit import Entry
from bot.blocks import tick
from bot.commands import Command
from bot.queue.job import Job, Order, new_id
from bot.secrets.redact import redact
from bot.secrets.secret import Secret
from bot.slack.inbound.requests import PressRequest
from bot.store.keys import Lane
from bot.text.mrkdwn import cut_short

SHOWN: Final = 80
"""Characters of a command that a refusal repeats."""


@dataclass(frozen=True, slots=True)
class Call:
    """``words`` are as typed, secrets taken out; ``reason`` and ``only_plan`` come from the flags of every change.

    ``secret`` is what was typed into the form of a command that asks for one.
    """

    command: Command
    arguments: Any
    words: str
    cluster: str
    user: str
    channel: str
    response_url: str
    request_key: str
    replace: bool = False
    reason: str = ""
    only_plan: bool = False
    secret: Secret | None = None

    @property
    def doing(self) -> str:
        """The deed in a refusal: "`/swarm promote host-2` in prod". The whole of it: a flag may be what is refused."""
        return tick(cut_short(f"/swarm {self.words}", SHOWN)) + (f" in {self.cluster}" if self.cluster else "")

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

    def order(self, lane: Lane) -> Order:
        """The call as a job's order."""
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
        )


def again(command: Command, args: Any, request: PressRequest, job: Job, *, replace: bool = False) -> Call:
    """A job's order asked anew by whoever pressed a button; ``args`` are the command's arguments as JSON has them."""
    order = job.order
    same = command.name == order.command
    return Call(
        command=command,
        arguments=TypeAdapter(command.arguments).validate_python(dict(args)),
        words=order.words if same else f"{command.name} {job.id}",
        cluster=order.cluster,
        user=request.user,
        channel=request.channel,
        response_url=request.response_url,
        request_key=request.request_key,
        replace=replace,
        reason=order.reason if same else "",
    )


def _nodes(arguments: Any) -> tuple[str, ...]:
    """The hosts and nodes that a command names, for the audit log's filter."""
    named = (getattr(arguments, "hosts", ()), [getattr(arguments, name, "") for name in ("host", "node", "name")])
    return tuple(name for names in named for name in names if isinstance(name, str) and name)
