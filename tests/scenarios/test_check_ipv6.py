"""`/swarm check` between nodes that advertise IPv6: the same ways, tried where they listen, by the same counters."""

from __future__ import annotations

import pytest

from tests.kits.scenario import Play

PREFIX = "fd00:5b:1::"
SWITCH_ON = "for each in all eth0; do echo 0 >/proc/sys/net/ipv6/conf/$each/disable_ipv6; done"
CLOSED = [
    ("INPUT -p udp --dport 7946", "7946/udp from `host-1` to `host-2` is blocked"),
    ("OUTPUT -p udp --dport 7946", "7946/udp from `host-2` to `host-1` is blocked"),
    ("INPUT -p tcp --dport 7946", "7946/tcp from `host-1` to `host-2` is blocked"),
    ("OUTPUT -p tcp --dport 2377", "2377/tcp from `host-2` to `host-1` is blocked"),
    ("OUTPUT -p udp --dport 4789", "4789/udp from `host-2` to `host-1` is blocked"),
]


@pytest.fixture(scope="module")
def standing(whole_play: Play) -> Play:
    """A manager and a worker at unique local addresses: IPv6 is on until the hosts are booted anew."""
    whole_play.reset()
    for number, name in enumerate(("host-1", "host-2"), 1):
        whole_play[name].run("sh", "-c", SWITCH_ON)
        whole_play[name].run("ip", "-6", "address", "add", f"{PREFIX}{number}/64", "dev", "eth0", "nodad")
    whole_play.change("cleo", f"init host-1 --advertise-addr {PREFIX}1")
    card = whole_play.change("ada", f"join worker host-2 --advertise-addr {PREFIX}2")
    assert "is an IPv6 address: before engine 25.0, overlay networks over IPv6 carry no traffic" in card.text
    return whole_play


def test_a_sound_member(standing: Play) -> None:
    """Its ports are open both ways, and what cannot be seen of a port is said."""
    answer = standing.ask("ada", "check host-2")
    assert answer.startswith("! *`host-2` is fit for prod*"), answer
    assert f"✓ advertised at `{PREFIX}2`" in answer
    assert "✓ ports open in both directions with `host-1`: 2377/tcp, 7946/tcp+udp, 4789/udp" in answer
    assert "before engine 25.0, overlay networks over IPv6 carry no traffic" in answer


@pytest.mark.parametrize(("rule", "told"), CLOSED)
def test_a_port_blocked_in_one_direction(standing: Play, rule: str, told: str) -> None:
    """It is named with its direction, and no other is."""
    host = standing["host-2"]
    host.run("ip6tables", "-w", "5", "-A", *rule.split(), "-j", "DROP")
    try:
        answer = standing.ask("ada", "check host-2")
    finally:
        host.run("ip6tables", "-w", "5", "-D", *rule.split(), "-j", "DROP")
    assert told in answer
    assert answer.count(" blocked") == 1
    assert "skipped" not in answer
