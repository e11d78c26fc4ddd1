"""Which service a name means. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import echo, tick
from bot.errors import NotUnderstood
from bot.model import Facts, ServiceFacts
from bot.swarm.reading.node_lookup import require_cluster
from bot.text.suggest import did_you_mean, first_of

MAX_LISTED: Final = 12
"""The number of services that a message names."""


def find_service(facts: Facts, name: str) -> ServiceFacts:
    """Return the one service that ``name`` means. The facts must have been read with services.

    Raise NotUnderstood with the nearest name if there is none, and with the ids if it is the start of several.
    """
    swarm = require_cluster(facts)
    found = swarm.named(name)
    if len(found) == 1:
        return found[0]
    if found:
        each = first_of([f"{tick(service.id)} ({tick(service.name)})" for service in found], MAX_LISTED)
        raise NotUnderstood(
            f"{echo(name)} is the start of {len(found)} ids: {each}.", next_step="Use the name of one of them."
        )
    names = [service.name for service in swarm.services]
    known = f"Services: {first_of([*map(tick, names)], MAX_LISTED)}" if names else "There are no services."
    raise NotUnderstood(f"{facts.name} has no service {echo(name)}.{did_you_mean(name, names)}", next_step=known)
