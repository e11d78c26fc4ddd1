"""`/swarm check` between nodes that advertise IPv6 addresses: the same probes at those addresses."""

from __future__ import annotations

import pytest

from tests.kits.scenario import Scenario

PREFIX = "fd00:5b:1::"
SWITCH_ON = "for each in all eth0; do echo 0 >/proc/sys/net/ipv6/conf/$each/disable_ipv6; done"
CLOSED = [
    ("INPUT -p udp --dport 7946", "7946/udp from `host-1` to `host-2` is blocked"),
    ("OUTPUT -p tcp --dport 2377", "2377/tcp from `host-2` to `host-1` is blocked"),
    ("OUTPUT -p udp --dport 4789", "4789/udp from `host-2` to `host-1` is blocked"),
]
OTHERS_CLOSED = [
    ("OUTPUT -p udp --dport 7946", "7946/udp from `host-2` to `host-1` is blocked"),
    ("INPUT -p tcp --dport 7946", "7946/tcp from `host-1` to `host-2` is blocked"),
]
"""They are long, because a probe treats all ports of a protocol alike."""


@pytest.fixture(scope="module")
def cluster(shared_scenario: Scenario) -> Scenario:
    """A manager and a worker with unique local addresses; IPv6 is enabled until the hosts boot again."""
    shared_scenario.reset()
    for number, name in enumerate(("host-1", "host-2"), 1):
        shared_scenario[name].run("sh", "-c", SWITCH_ON)
        shared_scenario[name].run("ip", "-6", "address", "add", f"{PREFIX}{number}/64", "dev", "eth0", "nodad")
    shared_scenario.change("cleo", f"init host-1 --advertise-addr {PREFIX}1")
    card = shared_scenario.change("ada", f"join worker host-2 --advertise-addr {PREFIX}2")
    assert "is an IPv6 address: before engine 25.0, overlay networks over IPv6 carry no traffic" in card.text
    return shared_scenario


def test_a_member_without_faults(cluster: Scenario) -> None:
    """Its ports are open in both directions, and the answer says what cannot be probed."""
    answer = cluster.ask("ada", "check host-2")
    assert answer.startswith("! *`host-2` is fit for prod*"), answer
    assert f"✓ advertised at `{PREFIX}2`" in answer
    assert "✓ ports open in both directions with `host-1`: 2377/tcp, 7946/tcp+udp, 4789/udp" in answer
    assert "before engine 25.0, overlay networks over IPv6 carry no traffic" in answer


@pytest.mark.parametrize(
    ("rule", "told"), [*CLOSED, *(pytest.param(*each, marks=pytest.mark.long) for each in OTHERS_CLOSED)]
)
def test_a_port_blocked_in_one_direction_is_named(cluster: Scenario, rule: str, told: str) -> None:
    """Only the blocked direction is named."""
    host = cluster["host-2"]
    host.run("ip6tables", "-w", "5", "-A", *rule.split(), "-j", "DROP")
    try:
        answer = cluster.ask("ada", "check host-2")
    finally:
        host.run("ip6tables", "-w", "5", "-D", *rule.split(), "-j", "DROP")
    assert told in answer
    assert answer.count(" blocked") == 1
    assert "skipped" not in answer
