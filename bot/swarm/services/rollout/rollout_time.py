"""How long a rollout may take: by the number of batches and the times that the spec gives. Pure."""

from __future__ import annotations

import math
from typing import Any, Final

from bot.model import ServiceFacts
from bot.model.service import NANOSECONDS
from bot.swarm.services.rollout.rollout import monitor_s

START_S: Final = 30.0
"""The time in which the tasks of a batch are placed, pull their image and start."""
BASE_S: Final = 60.0
DEFAULT_INTERVAL_S: Final = 30.0
DEFAULT_RETRIES: Final = 3


def rollout_timeout_s(service: ServiceFacts) -> float:
    """Return after how many seconds the wait for a rollout of the service ends."""
    wanted = max(service.replicas, service.running, service.desired, 1)
    batches = math.ceil(wanted / batch_size(service, wanted))
    each = START_S + update_delay_s(service) + service.stop_grace + healthy_after_s(service)
    return BASE_S + batches * each + monitor_s(service)


def batch_size(service: ServiceFacts, wanted: int) -> int:
    """Return how many of ``wanted`` tasks an update replaces at a time. For Docker 0 means all of them."""
    policy = service.spec.get("UpdateConfig") or {"Parallelism": 1}
    return min(int(policy.get("Parallelism") or wanted), wanted)


def update_delay_s(service: ServiceFacts) -> float:
    """Return the seconds between two batches of an update."""
    return float((service.spec.get("UpdateConfig") or {}).get("Delay") or 0) / NANOSECONDS


def health_check(service: ServiceFacts) -> dict[str, Any]:
    """Return the health check of the spec; {} if it has none, or switches that of the image off."""
    found = dict(service.container.get("Healthcheck") or {})
    return {} if (found.get("Test") or ["NONE"])[0] == "NONE" else found


def healthy_after_s(service: ServiceFacts) -> float:
    """Return the longest time in seconds after which a task that never gets healthy is unhealthy; 0 without a check."""
    check = health_check(service)
    if not check:
        return 0.0
    interval = (check.get("Interval") or 0) / NANOSECONDS or DEFAULT_INTERVAL_S
    return (check.get("StartPeriod") or 0) / NANOSECONDS + interval * (check.get("Retries") or DEFAULT_RETRIES)
