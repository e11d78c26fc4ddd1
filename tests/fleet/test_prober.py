"""What a host's kernel counts behind its firewall, on real hosts: the facts that a check of ports rests on."""

from __future__ import annotations

import pytest

from bot.model import Prober, Transport
from bot.swarm.network.packet_counters import Verdict, verdict_of
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.engines import engines

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(60)]

NUMBER = 20


def moved(sender: Prober, target: Prober, address: str, transport: Transport) -> tuple[Verdict, Verdict]:
    """Whether the target's counters of datagrams and of resets move by the 20 sent to a port that nobody listens on."""
    before = target.counters()
    sender.send(transport, address, 7946, NUMBER)
    after = target.counters()
    datagrams, resets = after.datagrams - before.datagrams, after.resets - before.resets
    return verdict_of(datagrams, NUMBER, NUMBER), verdict_of(resets, NUMBER, NUMBER)


def test_the_kernel_counts_what_its_firewall_lets_through(hosts: Fleet) -> None:
    """All without a rule; none when they are dropped on the way out or in, or refused in the kernel's name."""
    address = hosts["host-2"].address
    with engines(hosts) as cluster, cluster["host-1"].prober() as sender, cluster["host-2"].prober() as target:
        assert moved(sender, target, address, "udp") == ("all", "none")
        assert moved(sender, target, address, "tcp") == ("none", "all")
        for answer in ("icmp-port-unreachable", "tcp-reset"):
            rule = ["INPUT", "-p", "tcp", "--dport", "7946", "-j", "REJECT", "--reject-with", answer]
            hosts["host-2"].run("iptables", "-A", *rule)
            assert sender.connect([(address, 7946)]) == ["refused"], "the sender sees no difference"
            assert moved(sender, target, address, "tcp") == ("none", "none")
            hosts["host-2"].run("iptables", "-D", *rule)
        hosts["host-2"].block(7946, "udp")
        assert moved(sender, target, address, "udp") == ("none", "none")
        hosts["host-2"].fix()
        hosts["host-1"].block(7946, "udp", direction="out")
        assert moved(sender, target, address, "udp") == ("none", "none")


def test_a_shell_ends_with_its_use(hosts: Fleet) -> None:
    """Nothing is left running on the host."""
    query = "grep -lzs 'read -r ver[b]' /proc/[0-9]*/cmdline || true"
    with engines(hosts) as cluster:
        with cluster["host-1"].prober() as prober:
            prober.counters()
            assert hosts["host-1"].run("sh", "-c", query)
        until(lambda: not hosts["host-1"].run("sh", "-c", query), "the shell has ended")
