"""Stacks: objects with the same stack label. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import echo, tick
from bot.errors import NotUnderstood
from bot.model import ClusterFacts, Facts, ServiceFacts
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.suggest import did_you_mean, first_of

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
    if name in facts.listed_stacks:
        raise NotUnderstood(f"Stack {tick(name)} is not deployed in {facts.name}.", next_step=deploy_step(name))
    closest = did_you_mean(name, [*names, *facts.listed_stacks])
    deployed = [f"Stacks: {first_of([*map(tick, names)], MAX_LISTED)}."] if names else []
    raise NotUnderstood(
        f"{facts.name} has no stack {echo(name)}.{closest}",
        next_step=" ".join([*deployed, *undeployed_lines(facts)]) or "There are no stacks.",
    )


def undeployed_lines(facts: Facts) -> list[str]:
    """Return which stacks of swarmbot.yml are not deployed, and how to deploy one; [] if there is none."""
    deployed = stack_names(require_cluster(facts))
    left = [name for name in facts.listed_stacks if name not in deployed]
    return [f"Not deployed: {first_of([*map(tick, left)], MAX_LISTED)}. {deploy_step(left[0])}"] if left else []


def deploy_step(name: str) -> str:
    """Return how to deploy a stack that swarmbot.yml lists."""
    return f"`/swarm deploy {name}` deploys it."
