"""How long a move is waited for: by the times that the service's spec gives, or Docker takes for them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.swarm.operations import AddReplicas
from bot.swarm.operations.moves import START_TIMEOUT_S
from tests.plans.description import Description

SECOND = 1_000_000_000
ADD = AddReplicas("id-web", "web", 1, 1)


@pytest.mark.parametrize(
    ("check", "seconds"),
    [
        ({}, 0.0),
        ({"Test": ["NONE"], "Interval": 5 * SECOND, "Retries": 3}, 0.0),
        ({"Test": ["CMD", "x"]}, 90.0),
        ({"Test": ["CMD", "x"], "Interval": 5 * SECOND, "Timeout": 2 * SECOND, "Retries": 3}, 21.0),
        ({"Test": ["CMD", "x"], "StartPeriod": 10 * SECOND, "Interval": 5 * SECOND, "Retries": 2}, 20.0),
    ],
    ids=["none", "switched off", "Docker's defaults", "slow checks", "a start period"],
)
def test_a_new_task_has_the_time_of_its_health_check(check: dict[str, Any], seconds: float) -> None:
    """An unhealthy task has failed by then."""
    spec = {"TaskTemplate": {"ContainerSpec": {"Healthcheck": check}}}
    described = {"hosts": {"host-1": {"is": "leader"}}, "services": {"web": {"running": 1, "spec": spec}}}
    assert ADD.timeout(Description.model_validate(described).facts()) == START_TIMEOUT_S + seconds
