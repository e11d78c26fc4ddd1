"""What a reading of a cluster counts."""

from __future__ import annotations

from bot.model import ClusterFacts, NodeFacts, ServiceFacts
from bot.watch.cluster_numbers import cluster_numbers


def test_a_global_service_in_a_crash_loop_is_short_of_tasks() -> None:
    """By the managers' count it wants none; the metrics count as `/swarm status` does."""
    nodes = tuple(NodeFacts(f"n{number}", f"host-{number}", "worker", "active", "ready", 1, {}) for number in (1, 2))
    services = (
        ServiceFacts("agent", running=0, desired=0, id="s1", spec={"Mode": {"Global": {}}}),
        ServiceFacts("web", running=3, desired=3, id="s2", spec={"Mode": {"Replicated": {"Replicas": 3}}}),
    )
    numbers = cluster_numbers(
        ClusterFacts(id="c1", read_from="host-1", version=1, spec={}, nodes=nodes, services=services)
    )
    assert (numbers.services, numbers.services_short) == (2, 1)
    assert (numbers.tasks_desired, numbers.tasks_running) == (5, 3)
