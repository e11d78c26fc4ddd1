"""What engines and hosts print is read right, and secrets in it are masked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.engine.api.client import masked
from bot.engine.probes import prober
from bot.engine.probes.machine import offset_of, parse_interfaces, parse_time
from bot.engine.ssh.connection import SshConnection
from bot.engine.ssh.diagnose import verdict
from bot.engine.ssh.known_hosts import known_keys
from bot.engine.ssh.shell import Completed, last_line
from bot.engine.ssh.target import SshTarget
from bot.errors import HostProblem, HostUnreachable
from bot.model.probing import Counters, Interface

TARGET = SshTarget("h", "192.0.2.1", 22, "deploy", (), ())

ADDRESSES = r"""1: lo    inet 127.0.0.1/8 scope host lo\       valid_lft forever preferred_lft forever
2: eth0    inet 192.0.2.1/24 brd 192.0.2.255 scope global dynamic eth0\       valid_lft 600sec preferred_lft 600sec
2: eth0    inet 192.0.2.7/24 scope global secondary eth0\       valid_lft forever preferred_lft forever
2: eth0    inet6 2001:db8::1/64 scope global \       valid_lft forever preferred_lft forever
3: tun0    inet 198.51.100.1 peer 198.51.100.2/32 scope global tun0\       valid_lft forever preferred_lft forever
4: docker0    inet 172.17.0.1/16 brd 172.17.255.255 scope global docker0\       valid_lft forever
5: docker_gwbridge    inet 172.18.0.1/16 scope global docker_gwbridge\       valid_lft forever
6: br-0123456789ab    inet 172.19.0.1/16 scope global br-0123456789ab\       valid_lft forever
7: veth1    inet 198.51.100.9/24 scope global veth1\       valid_lft forever
8: br-lan    inet 203.0.113.1/24 scope global br-lan\       valid_lft forever preferred_lft forever
"""


def test_the_last_line_is_a_script_s_own_word() -> None:
    """As Slack may show it: a program on a host mentions nobody."""
    assert last_line("tar: <!channel>\n\nno <state>  there\n") == "no &lt;state&gt; there"
    assert last_line("\n", otherwise="nothing") == "nothing"


def test_interfaces_are_those_that_can_be_advertised() -> None:
    """Docker's own bridges are left out, a bridge of somebody else's is not; all addresses come, without prefix."""
    assert parse_interfaces(ADDRESSES) == (
        Interface("eth0", ("192.0.2.1", "192.0.2.7", "2001:db8::1")),
        Interface("tun0", ("198.51.100.1",)),
        Interface("br-lan", ("203.0.113.1",)),
    )


@pytest.mark.parametrize(
    ("stamp", "microsecond"),
    [
        ("2024-05-06T07:08:09.123456789Z", 123456),
        ("2024-05-06T09:08:09.5+02:00", 500000),
        ("2024-05-06T07:08:09Z", 0),
    ],
)
def test_go_s_time_stamps(stamp: str, microsecond: int) -> None:
    """Any number of digits, and any zone."""
    assert parse_time(stamp) == datetime(2024, 5, 6, 7, 8, 9, microsecond, UTC)


def test_a_clock_is_read_in_the_middle_of_its_round_trip() -> None:
    """An answer that took four seconds was given two seconds ago."""
    asked = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()
    assert offset_of("2024-05-06T07:08:11Z", asked, 4.0) == 0.0
    assert offset_of("2024-05-06T07:08:09Z", asked, 4.0) == -2.0
    assert offset_of("2024-05-06T07:38:11Z", asked, 4.0) == 1800.0


@pytest.mark.parametrize("secret", ["SWMTKN-1-3pu6hszj-a1b2", "SWMKEY-1-7c37Cc8654o6p38HnroywCi19pllOnGtbdZEgtKxZu8"])
def test_secrets_are_masked_wherever_they_stand(secret: str) -> None:
    """Nothing of them is left, and what stands around them is."""
    assert masked(f'bad "{secret}", or {secret}.') == 'bad "***", or ***'


@pytest.mark.parametrize(
    ("printed", "problem", "next_step"),
    [
        ("missing no no unknown", "no docker", "Install Docker"),
        ("missing yes no unknown", "docker stopped", "systemctl start docker"),
        ("missing yes yes unknown", "no docker", "`socket`"),
        ("denied yes yes unknown", "socket denied", "usermod -aG docker deploy"),
        ("usable yes no no", "docker stopped", "systemctl start docker"),
        ("usable yes yes no", "docker stopped", "journalctl -u docker"),
        ("usable no yes unknown", "socket denied", "AllowStreamLocalForwarding"),
        ("", "docker stopped", "systemctl start docker"),
    ],
)
def test_what_a_look_at_the_host_means(printed: str, problem: HostProblem, next_step: str) -> None:
    """Each finding is the kind that it is, with the step that mends it."""
    error = verdict(SshConnection(TARGET), "/var/run/docker.sock", printed.split())
    assert error is not None
    assert error.problem == problem
    assert next_step in error.next_step


def test_an_engine_that_is_served_is_no_trouble() -> None:
    """Then forwarding alone was forbidden."""
    assert verdict(SshConnection(TARGET), "/var/run/docker.sock", ["usable", "yes", "yes", "yes"]) is None


def test_a_broken_known_hosts_file_is_named_and_lets_nobody_in(tmp_path: Path) -> None:
    """A file that cannot be read is not taken for an empty one."""
    broken = tmp_path / "known_hosts"
    broken.write_text("192.0.2.1 ssh-ed25519 AAA\n")
    target = SshTarget("h", "192.0.2.1", 22, "deploy", (), (broken,))
    with pytest.raises(HostUnreachable, match=str(broken)) as caught:
        known_keys(target)
    assert caught.value.problem == "host key unknown"


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
