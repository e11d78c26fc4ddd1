"""`/swarm remove` and `/swarm leave` on real engines: who left, in which order, and which records remain."""

from __future__ import annotations

from typing import Final

import pytest

from tests.kits.scenario import Scenario

HEARTBEAT_S: Final = 2
"""Each removal waits until its node is seen down: 13 s with Docker's own 5."""


def test_a_worker_and_the_leader_are_removed(scenario: Scenario) -> None:
    """Each is drained, demoted, leaves, is seen down, and its record is removed; a second request changes nothing."""
    scenario.cluster(managers=("host-1", "host-2"), workers=("host-3", "host-4"), heartbeat_s=HEARTBEAT_S)
    card = scenario.change("cleo", "remove host-3")
    assert card.text.startswith("✓ *`host-3` is removed from prod*"), card.text
    assert scenario.membership("host-3") == "inactive"
    card = scenario.change("cleo", "leave host-1")
    assert card.text.startswith("✓ *`host-1` has left prod*"), card.text
    assert "managers 2 → 1, still tolerates no failure" in card.text
    order = [
        "is drained",
        "is a worker and not a member of Raft; host-2 is the leader of prod",
        "is not part of any cluster",
        "has no record",
    ]
    assert sorted(order, key=card.text.index) == order
    assert scenario.membership("host-1") == "inactive"
    assert scenario.nodes("host-2") == {"host-2": "Ready Active Leader", "host-4": "Ready Active"}
    assert scenario.ask("cleo", "remove host-3").startswith("✓ *No change needed*: prod has no record of `host-3`")
    assert scenario.ask("cleo", "leave host-1").startswith("✓ *No change needed*: `host-1` is not part of any cluster")
    assert scenario.change("ada", "join worker host-1 host-3").text.startswith("✓")


@pytest.mark.long
def test_records_of_nodes_that_are_down_are_removed(scenario: Scenario) -> None:
    """Nodes that are still ready need force; a removed host that returns is told how to leave."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"), workers=("host-4",))
    scenario["host-3"].power_off()
    scenario["host-4"].power_off()
    refused = scenario.ask("cleo", "remove host-4")
    assert "cannot be made to leave" in refused
    assert "host-4" in scenario.nodes()
    card = scenario.change("cleo", "remove host-3 --force")
    assert card.text.startswith("✓ *`host-3` is removed from prod*"), card.text
    assert "managers 3 → 2, still tolerates no failure" in card.text
    scenario.await_status("`host-4` (worker) is down")
    card = scenario.change("cleo", "remove host-4")
    assert card.text.startswith("✓ *`host-4` is removed from prod*"), card.text
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active Reachable"}
    scenario["host-4"].power_on()
    assert scenario.ask("cleo", "remove host-4").startswith("✓ *No change needed*: prod has no record of `host-4`")
    assert scenario.change("cleo", "leave host-4").text.startswith("✓ *`host-4` has left prod*")
    assert scenario.membership("host-4") == "inactive"


def test_the_old_record_of_a_wiped_host_is_removed(scenario: Scenario) -> None:
    """The host has two records; the one that is down is removed."""
    scenario.cluster(workers=("host-2",), heartbeat_s=HEARTBEAT_S)
    scenario["host-2"].wipe()
    scenario.await_status("`host-2` (worker) is down")
    scenario.change("ada", "join worker host-2")
    card = scenario.change("cleo", "remove host-2")
    assert "the replaced one is removed" in card.text
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active"}
    assert scenario.membership("host-2") == "active"


def test_removing_the_last_manager_ends_the_cluster(scenario: Scenario) -> None:
    """This needs force and two approvals; the workers then leave without being seen."""
    scenario.cluster(workers=("host-2",))
    refused = scenario.ask("cleo", "leave host-1")
    assert "would end prod" in refused
    assert scenario.membership("host-1") == "active"
    card = scenario.forced("cleo", "leave host-1 --force", "ada", "dan")
    assert card.text.startswith("✓ *prod has ended*"), card.text
    assert scenario.membership("host-1") == "inactive"
    assert "so it cannot be seen that `host-2` left" in scenario.ask("cleo", "leave host-2")
    assert scenario.change("cleo", "leave host-2 --force --yes").text.startswith("✓ *`host-2` has left prod*")
    assert scenario.membership("host-2") == "inactive"
