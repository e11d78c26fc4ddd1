"""Parsing of the kernel's counters and of the connection tries."""

from __future__ import annotations

from bot.engine.probes import prober
from bot.engine.ssh.shell import Completed
from bot.model.network import Counters

SNMP = """Ip: Forwarding DefaultTTL
Ip: 1 64
Tcp: RtoAlgorithm MaxConn OutRsts InCsumErrors
Tcp: 1 -1 7 0
Udp: InDatagrams NoPorts InErrors OutDatagrams
Udp: 100 20 3 4000
UdpLite: InDatagrams NoPorts InErrors OutDatagrams
UdpLite: 9 9 9 9
Udp6InDatagrams                 	5
Udp6NoPorts                     	6
Udp6InErrors                    	1
"""


def test_received_packets_are_counted_for_ipv4_and_ipv6() -> None:
    """Whether the port is open, closed, or its buffer full. MaxConn is a negative number."""
    assert prober.parse_counters(SNMP) == Counters(datagrams=135, resets=7)


def test_counters_of_a_kernel_without_ipv6() -> None:
    """It has no /proc/net/snmp6."""
    assert prober.parse_counters(SNMP.partition("Udp6")[0]) == Counters(datagrams=123, resets=7)


def test_a_connection_without_a_line_got_no_answer() -> None:
    """Lines come in any order; a missing line means that the timeout killed the try."""
    done = Completed(0, "2 refused\n0 open\n", "")
    assert prober.parse_reaches(done, 3) == ["open", "no answer", "refused"]
