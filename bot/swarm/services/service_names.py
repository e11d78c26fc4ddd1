"""Names that a service and a node or a host have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.blocks import tick
from bot.errors import NotUnderstood
from bot.model import Facts
from bot.swarm.reading.node_lookup import require_cluster


def refuse_shared_names(facts: Facts, names: Iterable[str], word: str = "remove") -> None:
    """Raise NotUnderstood for a name of a service that a node or a host has too. Services must have been read.

    ``word`` is what was typed, for example `resume`. The flags are not known here, so the orders that the error names
    only show a plan.
    """
    swarm = require_cluster(facts)
    machines = {*facts.hosts, *(name for node in swarm.nodes for name in (node.name, node.hostname))}
    services = {service.name for service in swarm.services}
    for name in names:
        if name in machines and name in services:
            raise shared_name(name, facts.name, word, "--plan", "--plan")


def shared_name(name: str, cluster: str, word: str, service_flags: str, node_flags: str) -> NotUnderstood:
    """Return the error for a name that a service and a node or host have in common. ``word``: what was typed.

    The flags are part of the two orders that it names: a person who typed `--plan` must not start a removal with
    either.
    """
    service = f"/swarm {word} {name} --service {service_flags}".rstrip()
    node = f"/swarm activate {name}" if word == "resume" else f"/swarm {word} {name} --node"
    node = f"{node} {node_flags}".rstrip()
    return NotUnderstood(
        f"{cluster} has a node or host {tick(name)} and a service of this name.",
        next_step=f"For the service: {tick(service)}. For the node: {tick(node)}.",
    )


def node_instead(facts: Facts, name: str) -> NotUnderstood | None:
    """Return the error for a name of a node that no service has; None for any other name."""
    swarm = require_cluster(facts)
    is_node = any(name in {node.name, node.hostname} or node.id.startswith(name) for node in swarm.nodes)
    if swarm.named(name) or not is_node:
        return None
    return NotUnderstood(
        f"{facts.name} has no service {tick(name)}, but a node of this name.",
        next_step=f"`/swarm remove {name} --node --plan` shows the removal of the node.",
    )


def service_instead(facts: Facts, name: str) -> NotUnderstood | None:
    """Return the error for a name of a service that neither a node nor a host has; None for any other name."""
    swarm = require_cluster(facts)
    machines = {*facts.hosts, *(each for node in swarm.nodes for each in (node.name, node.hostname))}
    if name in machines or all(service.name != name for service in swarm.services):
        return None
    return NotUnderstood(
        f"{facts.name} has no node {tick(name)}, but a service of this name.",
        next_step=f"`/swarm remove {name} --service --plan` shows the removal of the service.",
    )
