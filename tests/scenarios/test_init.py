"""`/swarm init` on real engines: the engine reports what was requested."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from bot.errors import Failed
from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from tests.kits.scenario import Scenario

UNLOCK_KEY = re.compile(r"SWMKEY-1-[\w+/]+")


def test_the_host_becomes_the_first_manager(scenario: Scenario) -> None:
    """The engine confirms it; the channel sees the requester, and the requester is told where to look."""
    card = scenario.change("cleo", "init host-1")
    assert scenario.nodes() == {"host-1": "Ready Active Leader"}
    assert "✓ *prod is initialised: `host-1` is its only manager*" in card.text
    assert "requested by <@U0CLEO>" in card.text
    assert card.seen.channel == "C0PROD"
    assert scenario.inspect()["Spec"]["EncryptionConfig"]["AutoLockManagers"] is False


def test_other_hosts_join_at_once(scenario: Scenario) -> None:
    """One order makes a cluster of managers and workers; a host that cannot join is left out, and Retry adds it."""
    scenario["host-4"].block(7946, "udp")
    card = scenario.change("cleo", "init host-1 --manager host-2,host-3 --worker host-4")
    assert card.text.startswith("! *prod is initialised with 3 of 4 nodes*"), card.text
    assert "7946/udp from host-1, host-2 and host-3 to host-4 are blocked" in card.text.replace("`", "")
    managers = {"host-1": "Ready Active Leader", "host-2": "Ready Active Reachable", "host-3": "Ready Active Reachable"}
    assert scenario.nodes() == managers
    assert scenario.membership("host-4") == "inactive"
    scenario["host-4"].fix()
    after = scenario.now
    scenario.slack.click("cleo", card.seen, "Retry")
    assert scenario.end(scenario.job("cleo", after)).text.startswith("✓ *prod is initialised with 4 nodes*")
    assert scenario.nodes() == {**managers, "host-4": "Ready Active"}


def test_the_engine_has_every_option(scenario: Scenario) -> None:
    """The options are in the engine's spec, node record and state, and overlay networks use the address pool."""
    address = scenario["host-1"].address
    words = (
        "--availability pause --cert-expiry 48h --dispatcher-heartbeat 7s --task-history-limit 3 --max-snapshots 4 "
        f"--snapshot-interval 1234 --default-addr-pool 10.77.0.0/16 --default-addr-pool-mask-length 26 "
        f"--data-path-port 5789 --data-path-addr {address} --listen-addr {address}:2377 --advertise-addr {address}"
    )
    card = scenario.change("cleo", f"init host-1 {words}")
    assert card.text.startswith("✓"), card.text
    swarm = scenario.inspect()
    spec = swarm["Spec"]
    assert spec["CAConfig"]["NodeCertExpiry"] == 48 * 3600 * 10**9
    assert spec["Dispatcher"]["HeartbeatPeriod"] == 7 * 10**9
    assert spec["Orchestration"]["TaskHistoryRetentionLimit"] == 3
    assert spec["Raft"]["KeepOldSnapshots"] == 4
    assert spec["Raft"]["SnapshotInterval"] == 1234
    assert (swarm["DefaultAddrPool"], swarm["SubnetSize"]) == (["10.77.0.0/16"], 26)
    assert swarm["DataPathPort"] == 5789
    assert scenario.nodes() == {"host-1": "Ready Pause Leader"}
    kept = _stored_state(scenario["host-1"])
    assert (kept["ListenAddr"], kept["DataPathAddr"]) == (f"{address}:2377", address)
    scenario["host-1"].docker("network", "create", "--driver", "overlay", "--attachable", "pooled")
    subnet = scenario["host-1"].docker("network", "inspect", "pooled", "--format", "{{(index .IPAM.Config 0).Subnet}}")
    assert re.fullmatch(r"10\.77\.\d+\.\d+/26", subnet.strip())


def test_defaults_are_those_of_the_engine(scenario: Scenario) -> None:
    """Without options the spec equals that of `docker swarm init`."""
    scenario.change("cleo", "init host-1")
    scenario["host-2"].docker("swarm", "init", "--advertise-addr", scenario["host-2"].address)
    ours, theirs = scenario.inspect("host-1"), scenario.inspect("host-2")
    assert ours["Spec"] == theirs["Spec"]
    assert {key: ours[key] for key in ("DefaultAddrPool", "SubnetSize", "DataPathPort")} == {
        key: theirs[key] for key in ("DefaultAddrPool", "SubnetSize", "DataPathPort")
    }


def test_only_the_requester_sees_the_unlock_key(scenario: Scenario) -> None:
    """The key that only the requester saw unlocks the manager after a restart."""
    scenario.change("cleo", "init host-1 --autolock")
    shown = scenario.see("cleo", "SWMKEY-1-", private=True)
    found = UNLOCK_KEY.search(shown.text)
    assert found
    assert shown.to == ("U0CLEO",)
    assert "SWMKEY" not in scenario.public()
    scenario["host-1"].stop_docker()
    scenario["host-1"].start_docker()
    assert scenario.membership("host-1") == "locked"
    assert "`host-1` is locked" in scenario.ask("ada", "status")
    with scenario["host-1"].engine() as engine:
        engine.unlock_swarm(found[0])
    assert scenario.membership("host-1") == "active"


def test_init_asks_for_one_of_several_addresses(scenario: Scenario) -> None:
    """The answer lists the addresses of the host; each way of naming one is accepted."""
    host = scenario["host-1"]
    further = host.add_address(211)
    asked = scenario.ask("cleo", "init host-1")
    assert host.address in asked
    assert further in asked
    assert "--advertise-addr" in asked
    assert scenario.membership("host-1") == "inactive"
    card = scenario.change("cleo", f"init host-1 --advertise-addr {further}")
    assert card.text.startswith("✓"), card.text
    assert _advertised(host) == further


def test_an_interface_can_be_advertised(scenario: Scenario) -> None:
    """``--advertise-addr INTERFACE`` advertises the only address of the interface."""
    host = scenario["host-1"]
    for words in ("link add lan1 type bridge", "addr add 198.19.200.7/24 dev lan1", "link set lan1 up"):
        host.run("ip", *words.split())
    try:
        assert "`198.19.200.7` (lan1)" in scenario.ask("cleo", "init host-1")
        card = scenario.change("cleo", "init host-1 --advertise-addr lan1")
        assert card.text.startswith("✓"), card.text
        assert _advertised(host) == "198.19.200.7"
    finally:
        host.run("ip", "link", "del", "lan1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("--advertise-addr 127.0.0.1", "no other host can reach `host-1` at this address"),
        ("--advertise-addr 198.51.100.9", "is not an address of `host-1`"),
        ("--advertise-addr bond7", "is not an address or interface of `host-1`"),
        ("--listen-addr 198.51.100.9:2377", "is not an address of `host-1`"),
        ("--data-path-addr 198.51.100.9", "is not an address of `host-1`"),
        ("--cert-expiry 59m", "The certificate expiry must be at least 1 hour"),
    ],
)
def test_wrong_options_are_refused_before_the_engine(scenario: Scenario, words: str, said: str) -> None:
    """The requester gets the reason, and the host was never part of a swarm."""
    answer = scenario.ask("cleo", f"init host-1 {words}")
    assert said in answer
    assert answer.startswith("Refused: ")
    assert scenario.membership("host-1") == "inactive"
    assert not (scenario["host-1"].folder / "data/swarm/docker-state.json").exists()


def test_a_second_init_changes_nothing(scenario: Scenario) -> None:
    """A second init of the host needs no change; one of another host is refused and names `join`."""
    scenario.change("cleo", "init host-1")
    before = scenario.inspect()
    again = scenario.ask("cleo", "init host-1")
    assert again.startswith("✓ *No change needed*")
    assert before["ID"] in again
    other = scenario.ask("cleo", "init host-2")
    assert other.startswith("Refused: prod is already running")
    assert "/swarm join" in other
    assert scenario.inspect() == before
    assert scenario.membership("host-2") == "inactive"


def test_a_host_of_another_swarm_is_refused(scenario: Scenario) -> None:
    """A host that was put into a swarm by hand is refused and stays there."""
    scenario["host-1"].docker("swarm", "init", "--advertise-addr", scenario["host-1"].address)
    scenario["host-2"].docker("swarm", "init", "--advertise-addr", scenario["host-2"].address)
    before = scenario.inspect("host-2")["ID"]
    answer = scenario.ask("cleo", "init host-2")
    assert answer.startswith(("Refused: ", "✓ *No change needed*"))
    assert scenario.inspect("host-2")["ID"] == before


def test_an_unreachable_host_is_named(scenario: Scenario) -> None:
    """Nothing is changed, and the requester gets the reason and the next step."""
    scenario["host-1"].power_off()
    told = scenario.ask("cleo", "init host-1")
    assert "`host-1`" in told
    assert "Nothing was changed" in told
    again = scenario.ask("cleo", "init host-1")
    assert "Check that the machine is on" in again
    hosts = scenario.ask("eve", "hosts")
    assert "3 of 4 hosts of prod respond" in hosts
    assert "✗ `host-1`" in hosts


@pytest.mark.long
def test_force_new_cluster_restores_a_lost_quorum(scenario: Scenario) -> None:
    """One of two managers is lost: only administrators may force it, after the lost one has left; services stay."""
    scenario.cluster(managers=("host-1", "host-2"))
    host = scenario["host-1"]
    host.docker("service", "create", "--detach", "--name", "kept", "--replicas", "0", "busybox", "true")
    tokens = scenario.inspect()["JoinTokens"]
    scenario["host-2"].power_off()
    refused = scenario.ask("ada", "init host-1 --force-new-cluster")
    assert refused.startswith("You can't run ")
    assert "admins" in refused
    scenario["host-2"].wipe()
    until(lambda: _swarm_error(host) != "", "the engine knows of the loss", timeout=60)
    card = scenario.change("cleo", "init host-1 --force-new-cluster")
    assert card.text.startswith("✓"), card.text
    assert scenario.nodes()["host-1"] == "Ready Active Leader"
    assert "Leader" not in scenario.nodes()["host-2"]
    assert "Unreachable" not in scenario.nodes()["host-2"]
    assert "kept" in host.docker("service", "ls", "--format", "{{.Name}}")
    assert scenario.inspect()["JoinTokens"] == tokens


def test_force_new_cluster_needs_a_cluster(scenario: Scenario) -> None:
    """The answer names `init` instead."""
    answer = scenario.ask("cleo", "init host-1 --force-new-cluster")
    assert "there is nothing to force" in answer
    assert scenario.membership("host-1") == "inactive"


def _advertised(host: Host) -> str:
    return host.docker("info", "--format", "{{.Swarm.NodeAddr}}").strip()


def _swarm_error(host: Host) -> str:
    """Return the engine's swarm error; an empty string also while it does not respond."""
    try:
        return host.docker("info", "--format", "{{.Swarm.Error}}").strip()
    except Failed:
        return ""


def _stored_state(host: Host) -> dict[str, Any]:
    """Return the engine's own membership on its disk; the API does not return the data path's address."""
    kept: dict[str, Any] = json.loads((host.folder / "data/swarm/docker-state.json").read_text())
    return kept
