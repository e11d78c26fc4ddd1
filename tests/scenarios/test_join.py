"""`/swarm join` on real engines: who joined with which role, and why others did not."""

from __future__ import annotations

import json

import pytest

from sandbox.fleet.faults import Protocol
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario, stalled, stop_ssh_sessions


def test_workers_and_managers_join(scenario: Scenario) -> None:
    """A range joins as workers in parallel, one host as a manager; a second request needs no change."""
    scenario.cluster()
    workers = scenario.change("ada", "join worker host-[2-3]")
    assert "✓ *2 workers joined prod*" in workers.text
    assert "1 → 3 nodes" in workers.text
    managers = scenario.change("cleo", "join manager host-4")
    assert managers.text.startswith("✓ *1 manager joined prod*"), managers.text
    assert scenario.nodes() == {
        "host-1": "Ready Active Leader",
        "host-2": "Ready Active",
        "host-3": "Ready Active",
        "host-4": "Ready Active Reachable",
    }
    before = scenario.inspect()["Version"]
    again = scenario.ask("ada", "join worker host-2 host-3")
    assert again.startswith("✓ *No change needed*")
    assert scenario.inspect()["Version"] == before


def test_a_member_with_another_role_is_refused(scenario: Scenario) -> None:
    """The answer names the command that changes the role."""
    scenario.cluster(workers=("host-2",))
    assert "/swarm promote host-2" in scenario.ask("cleo", "join manager host-2")
    assert scenario.nodes()["host-2"] == "Ready Active"


def test_the_node_has_every_option(scenario: Scenario) -> None:
    """The node has the labels, availability and advertised address."""
    scenario.cluster()
    further = scenario["host-2"].add_address(212)
    card = scenario.change(
        "ada", f"join worker host-2 --label zone=b --label disk=ssd --availability drain --advertise-addr {further}"
    )
    assert card.text.startswith("✓"), card.text
    spec, status = (
        json.loads(scenario["host-1"].docker("node", "inspect", "host-2", "--format", f"{{{{json .{part}}}}}"))
        for part in ("Spec", "Status")
    )
    assert spec == {"Labels": {"disk": "ssd", "zone": "b"}, "Role": "worker", "Availability": "drain"}
    assert status["State"] == "ready"
    assert scenario["host-2"].docker("info", "--format", "{{.Swarm.NodeAddr}}").strip() == further


def test_a_label_is_added_to_a_member(scenario: Scenario) -> None:
    """Only what is missing is done; other labels stay."""
    scenario.cluster(workers=("host-2",))
    scenario["host-1"].docker("node", "update", "--label-add", "kept=yes", "host-2")
    scenario.change("ada", "join worker host-2 --label zone=b")
    labels = scenario["host-1"].docker("node", "inspect", "host-2", "--format", "{{json .Spec.Labels}}")
    assert json.loads(labels) == {"kept": "yes", "zone": "b"}


def test_a_join_needs_a_cluster(scenario: Scenario) -> None:
    """The answer names `init`."""
    answer = scenario.ask("ada", "join worker host-2")
    assert "No host of prod that responds is part of a cluster" in answer
    assert "/swarm init HOST" in answer
    assert scenario.membership("host-2") == "inactive"


def test_a_host_of_another_cluster_is_refused(scenario: Scenario) -> None:
    """The answer names that cluster, by its name in swarmbot.yml or by its id."""
    scenario.cluster()
    scenario.change("cleo", "init host-5", "lab")
    token = scenario["host-5"].docker("swarm", "join-token", "-q", "worker").strip()
    scenario["host-2"].docker("swarm", "join", "--token", token, f"{scenario['host-5'].address}:2377")
    scenario["host-3"].docker("swarm", "init", "--advertise-addr", scenario["host-3"].address)
    card = scenario.change("ada", "join worker host-2 host-3")
    assert "host-2 is a member of another cluster: lab." in card.text
    assert f"host-3 is a member of another cluster: {scenario.inspect('host-3')['ID']}" in card.text
    assert set(scenario.nodes()) == {"host-1"}
    assert set(scenario.nodes("host-5")) == {"host-5", "host-2"}
    assert set(scenario.nodes("host-3")) == {"host-3"}
    scenario.change("cleo", "update --task-history-limit 3")
    limits = [
        scenario.inspect(name)["Spec"]["Orchestration"]["TaskHistoryRetentionLimit"] for name in ("host-1", "host-3")
    ]
    assert limits == [3, 5], "whichever of the two answered first"


def test_a_removed_host_must_leave_first(scenario: Scenario) -> None:
    """Its engine still believes that it is a member: the answer says how to leave."""
    scenario.cluster(workers=("host-2",))
    scenario["host-1"].docker("node", "rm", "--force", "host-2")
    card = scenario.change("ada", "join worker host-2")
    assert "/swarm leave host-2" in card.text
    assert card.text.startswith("✗"), card.text
    scenario["host-2"].docker("swarm", "leave", "--force")
    assert scenario.change("ada", "join worker host-2").text.startswith("✓")


@pytest.mark.parametrize(
    "side",
    # Blocked at its other end, the same route fails in the same probe.
    ["joining host", pytest.param("manager", marks=pytest.mark.long)],
)
def test_a_blocked_port_is_named(scenario: Scenario, side: str) -> None:
    """With 2377/tcp blocked in either direction, the port is named, the host stays outside, and no record is left."""
    scenario.cluster()
    if side == "joining host":
        scenario["host-2"].block(2377, direction="out")
    else:
        scenario["host-1"].block(2377, peer=scenario["host-2"])
    card = scenario.change("ada", "join worker host-2")
    assert card.text.startswith("✗ *`host-2` did not join prod*"), card.text
    assert f"host-1 {scenario['host-1'].address}:2377/tcp (no answer)" in card.text
    assert "Nothing was changed" in card.text
    assert scenario.membership("host-2") == "inactive"
    assert set(scenario.nodes()) == {"host-1"}
    scenario["host-2"].fix()
    scenario["host-1"].fix()
    after = scenario.now
    scenario.slack.click("ada", card.seen, "Retry")
    assert scenario.end(scenario.job("ada", after)).text.startswith("✓")
    assert scenario.nodes()["host-2"] == "Ready Active"


@pytest.mark.parametrize(
    ("port", "protocol"),
    [*(pytest.param(7946, protocol, marks=pytest.mark.long) for protocol in ("tcp", "udp")), (4789, "udp")],
)
def test_blocked_gossip_and_overlay_ports_stop_a_join(scenario: Scenario, port: int, protocol: Protocol) -> None:
    """An engine would call the node ready; each port is named with its direction, and Retry finishes the join."""
    for _ in range(3):
        scenario.cluster()
        scenario["host-2"].block(port, protocol)
        scenario["host-3"].block(port, protocol, direction="out")
        card = scenario.change("ada", "join worker host-[2-4]")
        if "Skipped: " not in card.text:
            break  # a busy machine leaves a route untested, which stops no join
        scenario.reset()
    assert card.text.startswith("! *1 of 3 workers joined prod*"), card.text
    assert f"{port}/{protocol} from host-1 to host-2 is blocked" in card.text
    assert f"{port}/{protocol} from host-3 to host-1 is blocked" in card.text
    reason = "containers on these hosts may not reach each other"
    beside = f"! {port}/{protocol} from host-3 and host-4 to host-2 are blocked: {reason}"
    assert beside in card.text.replace("`", ""), (
        "what is closed between hosts that are no managers is told, and stops nothing"
    )
    assert "host-4 reaches the managers on 2377/tcp, 7946/tcp+udp, 4789/udp" in card.text
    assert [scenario.membership(f"host-{number}") for number in (2, 3, 4)] == ["inactive", "inactive", "active"]
    scenario["host-2"].fix()
    scenario["host-3"].fix()
    after = scenario.now
    scenario.slack.click("ada", card.seen, "Retry")
    assert scenario.end(scenario.job("ada", after)).text.startswith("✓")
    assert set(scenario.nodes()) == {"host-1", "host-2", "host-3", "host-4"}


def test_a_new_managers_blocked_port_is_named(scenario: Scenario) -> None:
    """The managers must reach 2377/tcp of the new one; otherwise the engine would leave a stale record."""
    scenario.cluster()
    scenario["host-2"].block(2377, direction="in")
    card = scenario.change("cleo", "join manager host-2")
    assert "2377/tcp from host-1 to host-2 is blocked" in card.text
    assert scenario.membership("host-2") == "inactive"
    assert set(scenario.nodes()) == {"host-1"}


def test_a_failed_manager_leaves_no_record(scenario: Scenario) -> None:
    """The leader cannot reach the new manager's port, and the bot cannot know that before: everything is cleaned up.

    An older record of the host, which does not belong to this join, stays.
    """
    scenario.cluster(managers=("host-1", "host-2"), workers=("host-3",))
    scenario["host-3"].docker("swarm", "leave")
    stop_ssh_sessions(scenario["host-1"])
    scenario["host-3"].block(2377, peer=scenario["host-1"])
    card = scenario.change("cleo", "join manager host-3")
    assert card.text.startswith("✗"), card.text
    assert "host-3 is not part of any cluster" in card.text
    assert "prod is unchanged" in card.text
    assert scenario.membership("host-3") == "inactive"
    records = scenario["host-2"].docker("node", "ls", "--format", "{{.Hostname}} {{.ManagerStatus}}").splitlines()
    assert [record.strip() for record in sorted(records)] == ["host-1 Leader", "host-2 Reachable", "host-3"]
    scenario["host-3"].fix()
    assert scenario.change("cleo", "join manager host-3").text.startswith("✓")


@pytest.mark.long
def test_a_pending_host_joins(scenario: Scenario) -> None:
    """An earlier join by hand, to a manager that does not exist, is undone first."""
    scenario.cluster()
    scenario["host-5"].block(2377)
    token = scenario.inspect()["JoinTokens"]["Worker"]
    try_by_hand = f"docker swarm join --token {token} {scenario['host-5'].address}:2377 >/dev/null 2>&1 &"
    scenario["host-2"].run("sh", "-c", try_by_hand)
    until(lambda: scenario.membership("host-2") == "pending", "host-2 tries to join")
    card = scenario.change("ada", "join worker host-2")
    assert card.text.startswith("✓"), card.text
    assert "which is cancelled first" in card.text
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-2": "Ready Active"}


@pytest.mark.long
def test_a_manager_stops_responding_during_a_join(scenario: Scenario) -> None:
    """The join is undone, so that the host does not join later by itself."""
    scenario.cluster()
    with stalled(scenario["host-1"], scenario["host-2"]):
        job = scenario.begin("ada", "join worker host-2")
        until(lambda: scenario.membership("host-2") == "pending", "host-2 is joining")
        scenario["host-1"].power_off()
        card = scenario.end(job)
    assert card.text.startswith("✗ *`host-2` did not join prod*"), card.text
    assert "host-2 is not part of any cluster (the partial join was undone)" in card.text
    assert scenario.membership("host-2") == "inactive"


def test_each_failure_is_named_and_retry_finishes(scenario: Scenario) -> None:
    """Missing sshd, missing dockerd and a changed host key are named; the other host joins; Retry joins the rest."""
    scenario.cluster()
    stop_ssh_sessions(scenario["host-2"])
    scenario["host-3"].stop_docker()
    scenario["host-5"].docker("swarm", "init", "--advertise-addr", scenario["host-5"].address)
    card = scenario.change("ada", "join worker host-[2-4]")
    assert card.text.startswith("! *1 of 3 workers joined prod*"), card.text
    assert "no SSH server listens" in card.text
    assert "Docker is not running" in card.text
    assert scenario.nodes() == {"host-1": "Ready Active Leader", "host-4": "Ready Active"}
    scenario["host-2"].start_ssh()
    scenario["host-3"].start_docker()
    after = scenario.now
    scenario.slack.click("ada", card.seen, "Retry")
    again = scenario.end(scenario.job("ada", after))
    assert again.text.startswith("✓ *3 hosts are workers of prod*"), again.text
    assert set(scenario.nodes()) == {"host-1", "host-2", "host-3", "host-4"}


def test_a_changed_host_key_stops_a_join(scenario: Scenario) -> None:
    """Both fingerprints are shown, no login is attempted, and the host is unchanged."""
    scenario.cluster()
    host = scenario["host-2"]
    stop_ssh_sessions(host)
    host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/run/fleet/other_key")
    host.run("sed", "-i", "s|fleet/host_key|fleet/other_key|", "/run/fleet/sshd_config")
    host.start_ssh()
    try:
        card = scenario.change("ada", "join worker host-2")
        fingerprint = host.run("ssh-keygen", "-lf", "/run/fleet/other_key.pub").split()[1]
        assert f"has changed: it shows {fingerprint}" in card.text
        assert "It was reinstalled, or another machine answers in its place" in card.text
        assert scenario.membership("host-2") == "inactive"
    finally:
        host.restart()
