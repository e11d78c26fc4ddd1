"""Tasks on a node that went down: the managers still count them as running, and Swarmbot does not."""

from __future__ import annotations

from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import counts, create_service

SERVICES = {
    "agent": ("--mode", "global"),
    "pinned": ("--constraint", "node.hostname==host-3"),
    "spread": ("--replicas", "3"),
}


def test_tasks_on_a_node_that_is_down_do_not_run(scenario: Scenario) -> None:
    """The engine counts 4 of 3, 3 of 2 and 1 of 1 running, long after the node is down."""
    scenario.cluster(workers=("host-2", "host-3"))
    for name, options in SERVICES.items():
        create_service(scenario, name, *options)
    until(lambda: counts(scenario) == {"agent": (3, 3), "pinned": (1, 1), "spread": (3, 3)}, "all run")
    scenario["host-3"].power_off()
    lying = {"agent": (3, 2), "pinned": (1, 1), "spread": (4, 3)}
    until(lambda: counts(scenario) == lying, "the managers have replaced what they can", timeout=60)
    told = scenario.ask("eve", "services")
    assert told.startswith("✗ *2 of 3 services of prod fully running*"), told
    assert "✗ `pinned`: 0 of 1 replica running, no suitable node (scheduling constraints not satisfied" in told
    for row in ("✗ pinned | replicated | swarmbot/task:latest | 0/1", "✓ agent | global | swarmbot/task:latest | 2/2"):
        assert row in told
    assert "✓ spread | replicated | swarmbot/task:latest | 3/3" in told
    assert "✗ `pinned`: 0 of 1 replica running" in scenario.ask("eve", "status")
    tasks = scenario.ask("eve", "ps pinned")
    assert "! pinned.1 | - | pending | " in tasks
    assert "! pinned.1 | host-3 (down) | unknown, was running | " in tasks
    assert scenario.ask("eve", "ps host-3").count("unknown, was running") == 3
    failed = scenario.ask("eve", "volumes host-3")
    assert "The volumes of `host-3` are unknown." in failed
    assert counts(scenario) == lying
