"""Hosts that were wiped and joined again, on real engines: their old node records are recognized."""

from __future__ import annotations

import pytest

from tests.kits.scenario import Scenario


def records(scenario: Scenario, host: str) -> list[str]:
    """Return the ids of all node records of a host name, oldest first."""
    with scenario["host-1"].engine() as engine:
        found = [node for node in engine.nodes() if node["Description"].get("Hostname") == host]
    return [str(node["ID"]) for node in sorted(found, key=lambda node: node["CreatedAt"])]


def test_the_old_record_of_a_worker_is_named(scenario: Scenario) -> None:
    """`status` names the old record and how to remove it; `node` shows both; the name means the live node."""
    scenario.cluster(workers=("host-4",))
    scenario["host-4"].wipe()
    scenario.change("ada", "join worker host-4")
    old, new = records(scenario, "host-4")
    told = scenario.await_status(f"`{old}` is an old record of `host-4`, down")
    assert f"`/swarm remove {old}`" in told
    shown = scenario.ask("eve", "node host-4")
    assert shown.index(new) < shown.index(old)
    assert f"replaced by `{new}` · `/swarm remove {old}`" in shown
    assert "host-4 (old record)" in scenario.ask("eve", "nodes")
    scenario.begin("cleo", "promote host-4")
    asked = scenario.see(
        "dan", f"means the node `{new}`; old records of this host are not changed: `{old}` (worker, down)"
    )
    scenario.slack.click("dan", asked, "Approve")
    scenario.see("dan", "✓ *`host-4` is a manager of prod*", private=False)
    assert records(scenario, "host-4") == [old, new]


@pytest.mark.long
def test_the_old_record_of_a_manager_does_not_count(scenario: Scenario) -> None:
    """The engine calls the old record reachable although it has no vote; Swarmbot does not count it."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"))
    scenario["host-3"].wipe()
    scenario.change("cleo", "join manager host-3")
    old, new = records(scenario, "host-3")
    told = scenario.ask("ada", "status")
    assert "*prod is degraded: it tolerates no manager failure* · 3 of 4 managers reachable" in told
    assert f"`{old}` is an old record of `host-3`" in told
    assert "Raft still counts it as an unreachable manager" in told
    assert f"`/swarm remove {old}`" in told
    assert f"replaced by `{new}`" in scenario.ask("eve", "node host-3")
    card = scenario.change("cleo", "remove host-3")  # the managers need not have seen it down
    assert f"✓ *the old record `{old}` of `host-3` is removed; `host-3` is still a member of prod*" in card.text
    assert old in card.text
    assert records(scenario, "host-3") == [new]
    scenario.await_status("*prod is healthy* · 3 managers, tolerates 1 failure")
