"""`/swarm demote` on real engines: Raft membership, leadership, and demotions that are refused."""

from __future__ import annotations

import pytest

from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario

MANAGERS = ("host-1", "host-2", "host-3", "host-4")


@pytest.mark.long
def test_managers_are_demoted_one_by_one(scenario: Scenario) -> None:
    """The leader hands over; a demotion without failure tolerance needs two approvals; managers that are down count."""
    scenario.cluster(managers=MANAGERS)
    card = scenario.change("cleo", "demote host-1")
    assert card.text.startswith("✓ *`host-1` is a worker of prod*"), card.text
    assert "managers 4 → 3, still tolerates 1 failure" in card.text
    [leader] = [name for name, standing in scenario.nodes("host-2").items() if "Leader" in standing]
    assert f"host-1 is a worker and not a member of Raft; {leader} is the leader of prod" in card.text
    until(lambda: scenario.nodes("host-2")["host-1"] == "Ready Active", "host-1 is a worker like any other")
    assert scenario.ask("cleo", "demote host-1").startswith("✓ *No change needed*: `host-1` is a worker of prod")

    refused = scenario.ask("cleo", "demote host-2")
    assert "prod tolerates 1 failure now and would tolerate none after this" in refused
    assert "Or add `--force`, which needs 2 approvals." in refused

    dead, other = ("host-3", "host-4") if leader == "host-4" else ("host-4", "host-3")
    scenario[dead].power_off()
    refused = scenario.ask("cleo", f"demote {other} --force")
    assert "would lose quorum in prod: 1 of 2 managers would be reachable, 2 are needed" in refused
    assert f"Bring `{dead}` back first, or add a manager" in refused
    assert set(scenario.nodes("host-2").values()) & {"Ready Active Leader"}
    card = scenario.change("cleo", f"demote {dead}")
    assert "managers 3 → 2, still tolerates no failure" in card.text
    assert scenario.nodes("host-2")[dead].split()[1:] == ["Active"], "no standing in Raft"

    assert scenario.change("cleo", f"demote {other}").text.startswith("✓")
    refused = scenario.ask("cleo", "demote host-2 --force")
    assert "`host-2` is the only manager of prod." in refused


def test_a_forced_demotion_needs_two_approvals(scenario: Scenario) -> None:
    """After two approvals, two of three managers stay."""
    scenario.cluster(managers=("host-1", "host-2", "host-3"))
    card = scenario.forced("cleo", "demote host-3 --force", "dan", "ada")
    assert card.text.startswith("✓ *`host-3` is a worker of prod*"), card.text
    assert "2 managers tolerate no more failures than 1. Add one more manager." in card.text
    assert scenario.nodes()["host-3"] == "Ready Active"
