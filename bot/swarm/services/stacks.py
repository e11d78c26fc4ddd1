"""Stacks: what carries the same stack label. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import echo, tick
from bot.errors import NotUnderstood
from bot.model import ClusterFacts, Facts, ServiceFacts
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.suggest import first_of, nearest

MAX_LISTED: Final = 12
"""The number of stacks that a message names."""


def stack_names(swarm: ClusterFacts) -> list[str]:
    """Return the names of the stacks that have a service, or a network, secret or config that was read."""
    used = {each.stack for each in swarm.services} | {each.stack for each in swarm.networks}
    return sorted(name for name in used.union(each.stack for each in (*swarm.secrets, *swarm.configs)) if name)


def services_of(swarm: ClusterFacts, stack: str) -> list[ServiceFacts]:
    """Return the services of a stack."""
    return [service for service in swarm.services if service.stack == stack]


def require_stack(facts: Facts, name: str) -> None:
    """Raise NotUnderstood with the nearest name if there is no stack called ``name``."""
    swarm = require_cluster(facts)
    names = stack_names(swarm)
    if name in names:
        return
    if any(service.name == name for service in swarm.services):
        raise NotUnderstood(f"{tick(name)} is a service, not a stack.", next_step=f"`/swarm service {name}` shows it.")
    near = nearest(name, names)
    closest = f" Did you mean {tick(near)}?" if near else ""
    raise NotUnderstood(
        f"{facts.name} has no stack {echo(name)}.{closest}",
        next_step=f"Stacks: {first_of([*map(tick, names)], MAX_LISTED)}." if names else "There are no stacks.",
    )
