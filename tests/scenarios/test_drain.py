"""`/swarm drain`, `pause`, `activate` and `label` on real engines: what runs where then, and what can go nowhere."""

from __future__ import annotations

import json

import pytest

from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.scenario import Play

STUBBORN = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
"""A task that stops only when its grace has ended."""


@pytest.fixture
def stand(whole_play: Play) -> Play:
    """One manager and two workers, all active, without labels and services."""
    whole_play.stand(workers=("host-2", "host-3"))
    manager = whole_play["host-1"]
    for service in manager.docker("service", "ls", "-q").split():
        manager.docker("service", "rm", service)
    for name in ("host-1", "host-2", "host-3"):
        manager.docker("node", "update", "--availability", "active", name)
    return whole_play


def serve(play: Play, name: str, *options: str, command: tuple[str, ...] = ()) -> None:
    """Create a service and wait until it runs at strength."""
    manager = play["host-1"]
    manager.docker("service", "create", "--detach", "--name", name, *options, TASK_IMAGE, *command)
    running = ["service", "ls", "--filter", f"name={name}", "--format", "{{.Replicas}}"]
    until(lambda: len(set(manager.docker(*running).split()[0].split("/"))) == 1, f"{name} runs at strength")


def where(play: Play, name: str) -> list[str]:
    """The nodes on which a service's tasks run."""
    lines = play["host-1"].docker("service", "ps", name, "--format", "{{.Node}} {{.CurrentState}}").splitlines()
    return sorted(line.split()[0] for line in lines if line.split()[1] == "Running")


def test_a_drained_node_runs_nothing(stand: Play) -> None:
    """It is waited for, with the number that is left; then nothing is there, and asking again does nothing."""
    grace = ("--stop-grace-period", "4s", "--constraint", "node.role==worker")
    serve(stand, "web", "--replicas", "4", *grace, command=tuple(STUBBORN))
    card = stand.change("ada", "drain host-2")
    assert card.text.startswith("✓ *`host-2` is drained*"), card.text
    assert "active nodes 3 → 2, 2 tasks must run elsewhere" in card.text
    assert "host-2 is drained and runs no tasks" in card.text
    assert "draining host-2: 2 tasks left" in stand.public()
    assert set(where(stand, "web")) <= {"host-3"}
    assert stand["host-2"].docker("ps", "-q") == ""
    assert stand.nodes()["host-2"] == "Ready Drain"
    before = stand.inspect()["Version"]
    assert stand.ask("ada", "drain host-2").startswith("✓ *No change needed*: `host-2` is drained")
    back = stand.change("ada", "activate host-2")
    assert "active nodes 2 → 3; tasks that run elsewhere stay there" in back.text
    assert stand.nodes()["host-2"] == "Ready Active"
    assert stand.ask("ada", "activate host-2").startswith("✓ *No change needed*")
    assert stand.inspect()["Version"] == before


def test_what_can_go_nowhere_is_told_before_and_after(stand: Play) -> None:
    """A service pinned to the node, and one that is too big for any other: that the scheduler alone knows."""
    memory = int(stand["host-1"].docker("info", "--format", "{{.MemTotal}}"))
    most = f"--reserve-memory={memory * 6 // 10}"
    serve(stand, "pinned", "--constraint", "node.hostname==host-3")
    serve(stand, "filling", "--mode", "global", "--constraint", "node.hostname!=host-3", most)
    serve(stand, "big", most)
    plan = stand.ask("ada", "drain host-3 --plan")
    assert (
        "`pinned` (1 task here) cannot run on any other active node. Its constraints: `node.hostname==host-3`" in plan
    )
    assert "`big` (" not in plan
    assert where(stand, "pinned") == where(stand, "big") == ["host-3"]
    tasks = stand.ask("eve", "node host-3")
    assert "▸ `big.1` running since " in tasks
    assert "▸ `pinned.1` running since " in tasks
    card = stand.change("ada", "drain host-3")
    assert "1 task of pinned pending: no suitable node (scheduling constraints not satisfied" in card.text
    assert "1 task of big pending: no suitable node (insufficient resources on 2 nodes" in card.text
    assert where(stand, "pinned") == where(stand, "big") == []


def test_the_last_active_node(stand: Play) -> None:
    """Nothing runs then, and it is said before."""
    serve(stand, "web", "--replicas", "2")
    assert stand.change("ada", "pause host-1").text.startswith("✓ *`host-1` is paused*")
    assert stand.change("ada", "drain host-2").text.startswith("✓")
    card = stand.change("ada", "drain host-3")
    assert "No other node of prod accepts tasks" in card.text
    assert stand.nodes() == {
        "host-1": "Ready Pause Leader",
        "host-2": "Ready Drain",
        "host-3": "Ready Drain",
    }


def test_a_node_that_dies_while_it_is_drained(play: Play) -> None:
    """Its tasks run elsewhere, and the end says that it is down."""
    play.cluster(workers=("host-2", "host-3"))
    pinned = ("--constraint", "node.role==worker", "--replicas", "2", "--stop-grace-period", "60s")
    serve(play, "web", *pinned, command=tuple(STUBBORN))
    job = play.begin("ada", "drain host-2")
    play.see("ada", "task left", private=False)
    assert ", told to stop" in play.ask("eve", "node host-2")
    play["host-2"].power_off()
    card = play.end(job)
    assert "host-2 is drained and down" in card.text or "host-2 is drained and unknown" in card.text
    assert card.text.startswith("✓"), card.text


def test_labels(stand: Play) -> None:
    """What is named changes, the rest stays; asked twice it is so already."""
    stand["host-1"].docker("node", "update", "--label-add", "kept=yes", "--label-add", "old=1", "host-2")
    card = stand.change("ada", "label host-2 zone=b --remove old")
    assert card.text.startswith("✓ *`host-2` is labelled*"), card.text
    form = ["node", "inspect", "host-2", "--format", "{{json .Spec}}"]
    spec = json.loads(stand["host-1"].docker(*form))
    assert spec == {"Labels": {"kept": "yes", "zone": "b"}, "Role": "worker", "Availability": "active"}
    assert stand.ask("ada", "label host-2 zone=b --remove old").startswith("✓ *No change needed*")
    serve(stand, "web", "--constraint", "node.labels.zone==b")
    card = stand.change("ada", "label host-2 --remove zone --remove kept")
    assert "web requires node.labels.zone==b: its 1 task must leave host-2" in card.text.replace("`", "")
    assert json.loads(stand["host-1"].docker(*form))["Labels"] == {}
