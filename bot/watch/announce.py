"""Which webhooks are told what a step of watch has changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from bot.model.incident import Advanced, WatchState
from bot.swarm.incidents.events import events_of
from bot.swarm.incidents.webhook_body import webhook_body
from bot.webhooks.deliveries import Delivery
from bot.webhooks.targets import Target


def announcements(
    before: WatchState, advanced: Advanced, targets: Iterable[Target], cluster: str, now: float
) -> list[Delivery]:
    """Return the requests to send, in order. A webhook is told of incidents that had one of its severities."""
    happened = events_of(before, advanced)
    return [
        Delivery(target.name, cluster, each.incident.id, now, webhook_body(target.kind, each, target.severities, now))
        for target in targets
        if cluster in target.clusters
        for each in happened
        if each.severities & frozenset(target.severities)
    ]
