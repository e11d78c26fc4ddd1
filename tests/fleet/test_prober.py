"""The kernel counters of a host with a firewall, on real hosts, which port checks rely on."""

from __future__ import annotations

import pytest

from bot.model import Prober, Transport
from bot.swarm.network.packet_counters import Verdict, verdict_of
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.engines import engines

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(60)]

NUMBER = 20


def counted(sender: Prober, target: Prober, address: str, transport: Transport) -> tuple[Verdict, Verdict]:
    """Return the changes of the target's counters after 20 probes to a port without a listener."""
    before = target.counters()
    sender.send(transport, address, 7946, NUMBER)
    after = target.counters()
    datagrams, resets = after.datagrams - before.datagrams, after.resets - before.resets
    return verdict_of(datagrams, NUMBER, NUMBER), verdict_of(resets, NUMBER, NUMBER)


def test_the_kernel_counts_accepted_packets(hosts: Fleet) -> None:
    """It counts all without a rule, and none if they are dropped on the way or rejected by the firewall."""
    address = hosts["host-2"].address
    with engines(hosts) as cluster:
        sender, target = cluster["host-1"].prober(), cluster["host-2"].prober()
        assert counted(sender, target, address, "udp") == ("all", "none")
        assert counted(sender, target, address, "tcp") == ("none", "all")
        for answer in ("icmp-port-unreachable", "tcp-reset"):
            rule = ["INPUT", "-p", "tcp", "--dport", "7946", "-j", "REJECT", "--reject-with", answer]
            hosts["host-2"].run("iptables", "-A", *rule)
            assert sender.connect([(address, 7946)]) == ["refused"], "the sender sees no difference"
            assert counted(sender, target, address, "tcp") == ("none", "none")
            hosts["host-2"].run("iptables", "-D", *rule)
        hosts["host-2"].block(7946, "udp")
        assert counted(sender, target, address, "udp") == ("none", "none")
        hosts["host-2"].fix()
        hosts["host-1"].block(7946, "udp", direction="out")
        assert counted(sender, target, address, "udp") == ("none", "none")


def test_the_helper_ends_with_its_connection(hosts: Fleet) -> None:
    """No process is left running on the host."""
    query = "grep -lzs 'read -r i[d]' /proc/[0-9]*/cmdline || true"
    with engines(hosts) as cluster:
        cluster["host-1"].prober().counters()
        assert hosts["host-1"].run("sh", "-c", query)
    until(lambda: not hosts["host-1"].run("sh", "-c", query), "the helper has ended")
