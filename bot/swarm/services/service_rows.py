"""Services as rows of a table, those with problems first, and a headline over them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from bot.blocks import DONE, FAILED, RUNNING, WARNING, Sign, plain_line, tick
from bot.model import ClusterFacts, ServiceFacts
from bot.swarm.services.rollout.paused_rollout import is_paused
from bot.swarm.services.service_state import (
    URGENCY,
    count_text,
    crash_loop_line,
    missing_tasks,
    service_sign,
    short_count,
    update_text,
)
from bot.swarm.services.spec.masked import masked_text
from bot.swarm.services.spec.spec_words import mode_text, port_text, short_image
from bot.text.suggest import first_of, number_of, part_of

COLUMNS: Final = ("service", "mode", "image", "tasks", "ports", "last update")
MAX_TOLD: Final = 5
"""The reason is shown above the table for at most this many services that lack tasks."""
MAX_PORTS: Final = 3
MAX_COMPLAINT_CHARS: Final = 200


def sorted_services(swarm: ClusterFacts, services: Sequence[ServiceFacts]) -> list[ServiceFacts]:
    """Return the services, what is wrong first, then by name."""
    return sorted(services, key=lambda service: (URGENCY[service_sign(swarm, service)], service.name))


def service_rows(swarm: ClusterFacts, services: Sequence[ServiceFacts], now: float) -> list[tuple[str, ...]]:
    """Return the cells of each service for :data:`COLUMNS`, in plain text."""
    return [
        (
            f"{service_sign(swarm, service)} {service.name}",
            service.mode,
            short_image(service.image),
            short_count(swarm, service),
            first_of([*map(port_text, service.ports)], MAX_PORTS),
            update_text(swarm, service, now),
        )
        for service in services
    ]


def headline(swarm: ClusterFacts, services: Sequence[ServiceFacts], where: str) -> tuple[Sign, str]:
    """Return the sign and text of a list of services: "2 of 3 services of prod fully running · 1 update failed"."""
    signed = [(service, service_sign(swarm, service)) for service in services]
    signs = Counter(sign for _, sign in signed)
    complete = sum(not missing_tasks(swarm, service) for service in services)
    parts = [f"*{part_of(complete, len(services), 'service')} of {where} fully running*"]
    paused_count = sum(is_paused(service.spec) for service in services)
    looping = sum(bool(each.crash_loop) and not missing_tasks(swarm, each) for each in services)
    failed = sum(sign == WARNING and not each.crash_loop and not is_paused(each.spec) for each, sign in signed)
    parts += [f"{number_of(failed, 'update')} failed"] if failed else []
    parts += [f"{paused_count} paused by Swarmbot"] if paused_count else []
    parts += [f"{looping} in a crash loop"] if looping else []
    parts += [f"{signs[RUNNING]} in progress"] if signs[RUNNING] else []
    sign: Sign = FAILED if signs[FAILED] else WARNING if signs[WARNING] else RUNNING if signs[RUNNING] else DONE
    return sign, " · ".join(parts)


def trouble_lines(swarm: ClusterFacts, services: Sequence[ServiceFacts]) -> list[str]:
    """Return a line for each of the first services that lack tasks, are in a crash loop, or whose rollout is paused."""
    wrong = [service for service in services if service_sign(swarm, service) == FAILED]
    lines = [
        f"{FAILED} {tick(service.name)}: {count_text(swarm, service)}"
        + (f", {plain_line(masked_text(service.complaint), MAX_COMPLAINT_CHARS)}" if service.complaint else "")
        for service in wrong[:MAX_TOLD]
    ]
    named = {service.name for service in wrong}
    looping = [service for service in services if service.crash_loop and service.name not in named]
    lines += [
        f"{WARNING} {tick(service.name)}: {crash_loop_line(swarm, service)}. `/swarm why {service.name}` says more."
        for service in looping[:MAX_TOLD]
    ]
    paused = [service for service in services if is_paused(service.spec)]
    return lines + [
        f"{WARNING} {tick(service.name)}: Swarmbot paused its rollout. `/swarm resume {service.name}` goes on, "
        f"`/swarm service {service.name}` shows how far it is."
        for service in paused[:MAX_TOLD]
    ]


def service_title(swarm: ClusterFacts, service: ServiceFacts) -> str:
    """Return "✗ *web* · replicated · 1 of 2 replicas running · stack `shop`"."""
    parts = [
        f"{service_sign(swarm, service)} *{plain_line(service.name)}*",
        mode_text(service),
        count_text(swarm, service),
    ]
    parts += [f"stack {tick(service.stack)}"] if service.stack else []
    return " · ".join(parts)


def why_step(service: ServiceFacts) -> str:
    """Return what to do about a service that lacks tasks."""
    return f"Next: `/swarm why {service.name}` says why"
