"""`/swarm drain`, `pause`, `activate` and `label` on real engines: where tasks run, and tasks without another node."""

from __future__ import annotations

import json

from tests.kits.scenario import Scenario
from tests.kits.service_scenario import create_running

STUBBORN = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
"""A task that stops only when its grace has ended."""


def nodes_of(scenario: Scenario, name: str) -> list[str]:
    """Return the nodes on which the tasks of a service run, also those that must stop."""
    lines = scenario["host-1"].docker("service", "ps", name, "--format", "{{.Node}} {{.CurrentState}}").splitlines()
    return sorted(line.split()[0] for line in lines if line.split()[1] == "Running")


def test_a_drained_node_runs_no_tasks(cluster: Scenario) -> None:
    """The job waits and shows the number of tasks left; a second drain changes nothing."""
    grace = ("--stop-grace-period", "4s", "--constraint", "node.role==worker")
    create_running(cluster, "web", "--replicas", "4", *grace, command=STUBBORN)
    card = cluster.change("ada", "drain host-2")
    assert card.text.startswith("✓ *`host-2` is drained*"), card.text
    assert "active nodes 3 → 2, affects 2 tasks" in card.text
    assert "host-2 is drained and runs no tasks" in card.text
    assert "draining host-2: 2 tasks left" in cluster.public()
    assert set(nodes_of(cluster, "web")) <= {"host-3"}
    assert cluster["host-2"].docker("ps", "-q") == ""
    assert cluster.nodes()["host-2"] == "Ready Drain"
    before = cluster.inspect()["Version"]
    assert cluster.ask("ada", "drain host-2").startswith("✓ *No change needed*: `host-2` is drained")
    back = cluster.change("ada", "activate host-2")
    assert "active nodes 2 → 3; tasks that run elsewhere stay there" in back.text
    assert cluster.nodes()["host-2"] == "Ready Active"
    assert cluster.ask("ada", "activate host-2").startswith("✓ *No change needed*")
    assert cluster.inspect()["Version"] == before


def test_tasks_without_another_node_are_reported(cluster: Scenario) -> None:
    """A pinned service is reported before. What fits on no other node stops the drain, unless it is to be done now."""
    memory = int(cluster["host-1"].docker("info", "--format", "{{.MemTotal}}"))
    most = f"--reserve-memory={memory * 6 // 10}"
    create_running(cluster, "pinned", "--constraint", "node.hostname==host-3")
    create_running(cluster, "filling", "--mode", "global", "--constraint", "node.hostname!=host-3", most)
    create_running(cluster, "big", most)
    plan = cluster.ask("ada", "drain host-3 --plan")
    assert (
        "`pinned` (1 task on `host-3`) cannot run on any other active node. Its constraints: `node.hostname==host-3`"
        in plan
    )
    assert "`big` (" not in plan
    assert nodes_of(cluster, "pinned") == nodes_of(cluster, "big") == ["host-3"]
    tasks = cluster.ask("eve", "node host-3")
    assert "▸ `big.1` running since " in tasks
    assert "▸ `pinned.1` running since " in tasks
    costs = "`pinned` (1 task on `host-3`) cannot run on any other active node"
    stays = cluster.confirmed("ada", "drain host-3", costs)
    assert stays.text.startswith("✗ *`host-3` was not drained in prod*"), stays.text
    assert "1 task of big cannot be placed: no suitable node (insufficient resources on" in stays.text, stays.text
    assert nodes_of(cluster, "pinned") == nodes_of(cluster, "big") == ["host-3"]
    card = cluster.confirmed("ada", "drain host-3 --now", costs)
    assert "1 task of pinned pending: no suitable node (scheduling constraints not satisfied" in card.text
    assert "1 task of big pending: no suitable node (insufficient resources on 2 nodes" in card.text
    assert nodes_of(cluster, "pinned") == nodes_of(cluster, "big") == []


def test_draining_the_last_active_node_is_reported(cluster: Scenario) -> None:
    """The plan says before that nothing will run afterwards."""
    create_running(cluster, "web", "--replicas", "2")
    assert cluster.change("ada", "pause host-1").text.startswith("✓ *`host-1` is paused*")
    assert cluster.change("ada", "drain host-2").text.startswith("✓")
    card = cluster.confirmed("ada", "drain host-3", "No other node of prod accepts tasks")
    assert "No other node of prod accepts tasks" in card.text
    assert cluster.nodes() == {
        "host-1": "Ready Pause Leader",
        "host-2": "Ready Drain",
        "host-3": "Ready Drain",
    }


def test_what_costs_service_is_confirmed_first(cluster: Scenario) -> None:
    """Ada alone is asked. A press of Cancel changes nothing, one of Proceed drains, and `--yes` asks nothing."""
    create_running(cluster, "pinned", "--constraint", "node.hostname==host-3")
    after = cluster.now
    cluster.slack.slash("ada", "prod", "drain host-3")
    asked = cluster.answer("ada", after)
    assert asked.private
    assert "This costs service: drain host-3 in prod" in asked.text.replace("`", "")
    assert cluster.nodes()["host-3"] == "Ready Active"
    assert "confirms it · expires" in cluster.ask("eve", "status")
    cluster.slack.click("ada", asked, "Cancel")
    cluster.see("ada", "You cancelled", after=after, private=True)
    assert cluster.nodes()["host-3"] == "Ready Active"
    assert nodes_of(cluster, "pinned") == ["host-3"]
    card = cluster.change("ada", "drain host-3 --yes")
    assert card.text.startswith("✓ *`host-3` is drained*")
    assert nodes_of(cluster, "pinned") == []
    told = cluster.ask("ada", f"audit --job {card.job}")
    assert f"confirmed `/swarm drain host-3` · `{card.job}`: --yes:" in told


def test_a_node_goes_down_during_a_drain(scenario: Scenario) -> None:
    """Its tasks run on other nodes, and the result says that it is down."""
    scenario.cluster(workers=("host-2", "host-3"))
    pinned = ("--constraint", "node.role==worker", "--replicas", "2", "--stop-grace-period", "60s")
    create_running(scenario, "web", *pinned, command=STUBBORN)
    job = scenario.begin("ada", "drain host-2")
    scenario.see("ada", "task left", private=False)
    assert ", told to stop" in scenario.ask("eve", "node host-2")
    scenario["host-2"].power_off()
    card = scenario.end(job)
    assert "host-2 is drained and down" in card.text or "host-2 is drained and unknown" in card.text
    assert card.text.startswith("✓"), card.text


def test_label_changes_only_named_labels(cluster: Scenario) -> None:
    """Other labels stay; a second request needs no change."""
    cluster["host-1"].docker("node", "update", "--label-add", "kept=yes", "--label-add", "old=1", "host-2")
    card = cluster.change("ada", "label host-2 zone=b --remove old")
    assert card.text.startswith("✓ *`host-2` is labelled*"), card.text
    form = ["node", "inspect", "host-2", "--format", "{{json .Spec}}"]
    spec = json.loads(cluster["host-1"].docker(*form))
    assert spec == {"Labels": {"kept": "yes", "zone": "b"}, "Role": "worker", "Availability": "active"}
    assert cluster.ask("ada", "label host-2 zone=b --remove old").startswith("✓ *No change needed*")
    create_running(cluster, "web", "--constraint", "node.labels.zone==b")
    question = "`web` (1 task on `host-2`) cannot run on any other active node"
    cluster.confirmed("ada", "label host-2 --remove zone --remove kept", question)
    assert json.loads(cluster["host-1"].docker(*form))["Labels"] == {}
