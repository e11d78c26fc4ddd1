"""Whether a service runs as it should, where the managers' own counts and words do not show it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import ClusterFacts
from bot.swarm.services.service_state import count_text, missing_tasks, service_sign, short_count, update_text
from tests.kits.examples import examples
from tests.kits.nodes import worker
from tests.plans.parts import NOW
from tests.plans.workload import Service, Update

NODES = {"a": ("active", {"zone": "b"}), "b": ("active", {}), "c": ("pause", {}), "d": ("drain", {})}
SWARM = ClusterFacts(
    "cluster",
    "a",
    1,
    {},
    tuple(worker(name, availability=how, labels=labels) for name, (how, labels) in NODES.items()),
)


@pytest.mark.parametrize(
    ("running", "said"),
    [(3, "3 of 4 replicas running"), (39, "39 replicas running, 4 wanted"), (4, "4 of 4 replicas running")],
)
def test_more_replicas_than_wanted(running: int, said: str) -> None:
    """While tasks are stopped after a scale, more run than are wanted."""
    service = Service.model_validate({"running": running, "replicas": 4}).facts("web")
    assert count_text(SWARM, service) == said


@pytest.mark.parametrize(
    ("described", "sign", "count", "missing", "update"),
    [
        ({"running": 3, "replicas": 3}, "✓", "3/3", 0, "none recorded"),
        ({"running": 2, "replicas": 3}, "✗", "2/3", 1, "none recorded"),
        ({"replicas": 0}, "·", "0/0", 0, "none recorded"),
        (
            {"replicas": 3, "update": {"state": "completed", "ended": 5}},
            *("✗", "0/3", 3, "completed 5 min ago, but 3 not running"),
        ),
        ({"running": 1, "update": {"state": "completed", "ended": 5}}, "✓", "1/1", 0, "completed 5 min ago"),
        ({"running": 2, "replicas": 3, "update": {"state": "updating"}}, "▸", "2/3", 1, "in progress for 10 min"),
        (
            {"running": 2, "replicas": 3, "complaint": "no suitable node", "update": {"state": "updating"}},
            *("✗", "2/3", 1, "in progress for 10 min"),
        ),
        ({"replicas": 1, "update": {"state": "updating"}}, "✗", "0/1", 1, "in progress for 10 min"),
        ({"running": 1, "update": {"state": "paused"}}, "!", "1/1", 0, "paused, began 10 min ago"),
        ({"running": 1, "update": {"state": "rollback_started"}}, "▸", "1/1", 0, "failed, being rolled back"),
        ({"running": 1, "update": {"state": "rollback_completed", "ended": 1}}, "!", "1/1", 0, "rolled back 1 min ago"),
        ({"mode": "global"}, "✗", "0/2", 2, "none recorded"),
        ({"mode": "global", "running": 2, "desired": 2}, "✓", "2/2", 0, "none recorded"),
        ({"mode": "global", "running": 3, "desired": 3}, "✓", "3/3", 0, "none recorded"),
        ({"mode": "global", "constraints": ["node.labels.zone==b"]}, "✗", "0/1", 1, "none recorded"),
        ({"mode": "global", "constraints": ["node.labels.zone==z"]}, "·", "0/0", 0, "none recorded"),
        ({"mode": "global", "constraints": ["node.platform.arch==arm64"]}, "·", "0/0", 0, "none recorded"),
        ({"mode": "replicated job", "replicas": 4, "concurrent": 2, "running": 2}, "▸", "0/4 done", 0, "none recorded"),
        (
            {"mode": "replicated job", "replicas": 4, "concurrent": 2, "completed": 1},
            "✗",
            "1/4 done",
            2,
            "none recorded",
        ),
        ({"mode": "replicated job", "replicas": 4, "completed": 4, "desired": 2}, "·", "4/4 done", 0, "none recorded"),
        ({"mode": "global job", "completed": 1, "running": 1}, "▸", "1/2 done", 0, "none recorded"),
        ({"mode": "global job", "completed": 2}, "·", "2/2 done", 0, "none recorded"),
    ],
)
def test_state(described: dict[str, Any], sign: str, count: str, missing: int, update: str) -> None:
    """Two nodes are active, one of them in zone b; a paused one keeps the task that the managers want there."""
    web = Service.model_validate(described).facts("web")
    assert service_sign(SWARM, web) == sign
    assert short_count(SWARM, web) == count
    assert missing_tasks(SWARM, web) == missing
    assert update_text(SWARM, web, NOW) == update


UPDATES = st.none() | st.builds(
    Update,
    state=st.sampled_from(
        ["updating", "paused", "completed", "rollback_started", "rollback_paused", "rollback_completed", "new state"]
    ),
    ended=st.none() | st.just(1.0),
)
SERVICES = st.builds(
    Service,
    running=st.integers(0, 4),
    desired=st.integers(0, 4),
    completed=st.integers(0, 4),
    mode=st.sampled_from(["replicated", "global", "replicated job", "global job"]),
    replicas=st.integers(0, 4),
    concurrent=st.integers(1, 4),
    complaint=st.sampled_from(["", "no suitable node"]),
    constraints=st.sampled_from([[], ["node.labels.zone==b"], ["node.labels.zone==z"]]),
    update=UPDATES,
)


@settings(max_examples=examples(300), deadline=None)
@given(SERVICES)
def test_nothing_is_called_fine_while_tasks_are_missing(described: Service) -> None:
    """For any status that Docker has of the update; a completed one is shown with what is missing."""
    web = described.facts("web")
    missing, sign = missing_tasks(SWARM, web), service_sign(SWARM, web)
    assert sign in ({"✗", "▸"} if missing else {"✓", "!", "▸", "·"})
    if missing and not web.running:
        assert sign == "✗"
    told = update_text(SWARM, web, NOW)
    ended = web.update is not None and web.update.state in {"completed", "rollback_completed"}
    assert ("not running" in told) == bool(missing and ended)
