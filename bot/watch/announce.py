"""Which webhooks are sent what a step of watch has changed. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.model.incident import Advanced, WatchState
from bot.swarm.incidents.events import events_of
from bot.swarm.incidents.webhook_body import webhook_body
from bot.webhooks.deliveries import Delivery
from bot.webhooks.targets import Target


def announcements(
    before: WatchState, advanced: Advanced, targets: Iterable[Target], cluster: str, now: float
) -> list[Delivery]:
    """Return the requests to send, in order. A webhook is sent incidents that had one of its severities.

    If it was not sent an incident before, the first change that gives the incident one of these severities is its
    beginning.
    """
    happened = events_of(before, advanced)
    earlier = {each.id: frozenset(each.severities) for each in before.incidents}
    deliveries = []
    for target in targets:
        wanted = frozenset(target.severities)
        for event in happened if cluster in target.clusters else ():
            is_new = event.event == "updated" and not wanted & earlier.get(event.incident.id, frozenset())
            sent = replace(event, event="opened") if is_new else event
            if event.severities & wanted:
                body = webhook_body(target.kind, sent, target.severities, now)
                deliveries.append(Delivery(target.name, cluster, event.incident.id, now, body))
    return deliveries
