"""What the prober reads from the kernel and from its own shell."""

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


def test_what_came_is_counted_on_both_families() -> None:
    """Whether somebody listens, nobody does, or the listener had no room; MaxConn is a negative number."""
    assert prober.parse_counters(SNMP) == Counters(datagrams=135, resets=7)


def test_a_kernel_without_ipv6_is_read_too() -> None:
    """/proc/net/snmp6 is not there then."""
    assert prober.parse_counters(SNMP.partition("Udp6")[0]) == Counters(datagrams=123, resets=7)


def test_a_connection_that_says_nothing_got_no_answer() -> None:
    """Lines come in any order; what is missing was killed by its time-out."""
    done = Completed(0, "2 refused\n0 open\n", "")
    assert prober.parse_reaches(done, 3) == ["open", "no answer", "refused"]
