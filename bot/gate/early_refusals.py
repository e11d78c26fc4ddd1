"""Orders that are refused before they are queued: an invalid order gets its error alone, without "On it" first."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from typing import Final

from bot.approvals.already_waiting import already_waiting, same_arguments
from bot.approvals.repository import ApprovalRepository
from bot.audit import Audit
from bot.blocks import echo, order_text, tick, when
from bot.commands.grammar import usage_text
from bot.commands.shared_words import NODE_FLAG, SERVICE_FLAG, SHARED_WORDS
from bot.config import Config
from bot.errors import NotUnderstood, Refused
from bot.freeze import Freezes
from bot.gate.call import Call
from bot.last_read import LastRead, ReadNodes, ReadServices
from bot.queue.job import Order
from bot.queue.queue import Queue
from bot.secrets.redact import redact
from bot.stored_json import to_json, to_plain
from bot.text.suggest import did_you_mean, first_of, nearest
from bot.text.words import words_in

MAX_LISTED: Final = 12
"""The number of nodes or services that a refusal names."""
PAUSE: Final = "pause-service"
DEPLOY: Final = "deploy"
ROLLOUTS: Final = frozenset({"update-service", "restart", "rollback", "resume"})
"""The commands whose jobs pause their rollout when they are cancelled."""
MAY_BE_ID: Final = re.compile(r"(?=.*[0-9])[0-9a-z]{10,25}")
"""The id of a node or service, or its start. Only the id of an object newer than the last read can have been copied."""


class EarlyRefusals:
    """Safe to share between threads. Raises Unavailable."""

    def __init__(
        self,
        *,
        config: Config,
        queue: Queue,
        approvals: ApprovalRepository,
        freezes: Freezes,
        audit: Audit,
        last_read: LastRead,
    ) -> None:
        self._config = config
        self._queue = queue
        self._approvals = approvals
        self._freezes = freezes
        self._audit = audit
        self._last_read = last_read

    def check(self, call: Call, *, may_need_approval: bool) -> None:
        """Raise Refused or NotUnderstood for an order that could only be refused later, or that waits already."""
        if call.command.is_change(call.arguments):
            _refuse_what_storage_would_mask(call)
            self._refuse_unknown_nodes(call)
            self._refuse_unknown_services(call)
            self._refuse_to_pause_a_job(call)
        if (may_need_approval or call.command.is_change(call.arguments)) and not call.only_plan:
            self._refuse_what_waits(call)

    def refuse_unknown_names(self, call: Call) -> None:
        """Raise NotUnderstood for a name that may mean a node or a service, and that neither had when last read.

        Which permission the order needs depends on what the name means. Raise nothing for other words.
        """
        if _means_either(call):
            self._refuse_unknown_nodes(call)

    def _refuse_unknown_nodes(self, call: Call) -> None:
        """Raise NotUnderstood for a name that no host has, and that no node had when the cluster was last read.

        With a word that may be about a service: that no service had either. Not while a change runs or is in line: it
        may add the node.
        """
        known_hosts = self._config.clusters[call.cluster].hosts
        names = [name for name in call.nodes if name not in known_hosts and not MAY_BE_ID.fullmatch(name)]
        nodes = self._last_read.nodes(call.cluster) if names else None
        services = self._last_read.services(call.cluster) if names and _means_either(call) else None
        unknown = [name for name in names if nodes and not nodes.has(name) and not (services and services.has(name))]
        if nodes and unknown and not self._queue.in_line(call.cluster):
            raise _unknown_node(call, unknown[0], nodes, services)

    def _refuse_unknown_services(self, call: Call) -> None:
        """Raise NotUnderstood for a name that is like that of a service, and that none had when they were last read.

        Other names go to a worker: services are created without Swarmbot at any time. While a change runs or is in
        line, every name goes to a worker: the change may create the service.
        """
        names = [name for name in call.services if not MAY_BE_ID.fullmatch(name)]
        services = self._last_read.services(call.cluster) if names else None
        unknown = [name for name in names if services and not services.has(name)]
        misspelt = services and unknown and nearest(unknown[0], services.names)
        if services and misspelt and not self._queue.in_line(call.cluster):
            raise _unknown_service(call, unknown[0], services)

    def _refuse_to_pause_a_job(self, call: Call) -> None:
        """Raise Refused for the pause of a rollout that a running job waits for: its turn would come after that."""
        if call.command.name != PAUSE:
            return
        for job in self._queue.in_line(call.cluster):
            order = job.order
            if job.state != "running" or not _rolls_out(order, call.services):
                continue
            pauses = order.command in ROLLOUTS
            again = f", then {tick(f'/swarm {call.words}')} pauses the rollout"
            raise Refused(
                f"job {tick(job.id)} ({order_text(order.words)}) carries out this rollout.",
                true_now="Nothing was changed.",
                next_step=f"`/swarm cancel {job.id}` stops it{' and pauses the rollout' if pauses else again}.",
            )

    def _refuse_what_waits(self, call: Call) -> None:
        """Raise Refused if the same order waits for a decision.

        Other people may request for themselves what only a requester decides or sees.
        """
        approvals = {approval.id: approval for approval in self._approvals.waiting(call.cluster)}
        for job in self._queue.jobs(approvals):
            same = job.order.command == call.command.name
            same = same and same_arguments(job.order.args, to_plain(call.arguments))
            confirmation = approvals[job.id].request.confirmation
            private = confirmation or not call.command.is_change(call.arguments)
            mine = job.order.requester == call.user or not private
            answered = confirmation and call.accepts_costs
            if same and mine and not answered and job.order.request_key != call.request_key:
                freeze = self._freezes.active(call.cluster, time.time())
                error = already_waiting(self._config, approvals[job.id], freeze)
                self._audit.append([call.entry("refused", detail=error.happened)])
                raise error


def _rolls_out(order: Order, services: Iterable[str]) -> bool:
    """Return whether an order is about one of these services, or deploys the stack that one is part of by its name."""
    words = words_in(order.args)
    if order.command == DEPLOY:
        return any(service.startswith(f"{word}_") for service in services for word in words)
    return order.command in ROLLOUTS and bool({*services} & {*words})


def _means_either(call: Call) -> bool:
    """Return whether the name decides if the word that was typed is about a node or a service."""
    typed, *words = call.words.split()
    shared = SHARED_WORDS.get(typed)
    return shared is not None and shared.by_name and not {NODE_FLAG, SERVICE_FLAG} & {*words}


def _unknown_node(call: Call, name: str, nodes: ReadNodes, services: ReadServices | None) -> NotUnderstood:
    """Return the error for a name that no node has. ``services``: those that it may mean too."""
    names = (*(services.names if services else ()), *nodes.names)
    known = f"Nodes: {first_of([*map(tick, nodes.names)], MAX_LISTED)}. `/swarm nodes` reads them again."
    if services:
        listed = first_of([*map(tick, services.names)], MAX_LISTED) or "none"
        known = f"Services: {listed}. `/swarm services` reads them again. {known}"
    return NotUnderstood(
        f"{call.cluster} had no {'service or node' if services else 'node'} {echo(name)} when it was last read, "
        f"{when(nodes.at)}.{did_you_mean(name, names)}",
        next_step=f"{known} Usage: {usage_text(call.command)}.",
    )


def _unknown_service(call: Call, name: str, services: ReadServices) -> NotUnderstood:
    listed = f"Services: {first_of([*map(tick, services.names)], MAX_LISTED)}"
    return NotUnderstood(
        f"{call.cluster} had no service {echo(name)} when its services were last read, {when(services.at)}."
        f"{did_you_mean(name, services.names)}",
        next_step=f"{listed}. `/swarm services` reads them again. Usage: {usage_text(call.command)}.",
    )


def _refuse_what_storage_would_mask(call: Call) -> None:
    """Raise NotUnderstood if a change has a value that looks like a secret.

    Orders are masked before they are stored. The change would then be made with `***` in place of what was typed.
    """
    stored = to_json(call.arguments)
    if redact(stored) != stored:
        raise NotUnderstood(
            f"{call.shown} has a value that looks like a secret (a token, a private key, or a password in a URL). "
            "Swarmbot does not store secrets, so it cannot pass this value on. Nothing was changed.",
            next_step="Leave the secret out of the value.",
        )
