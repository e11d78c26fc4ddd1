"""Parsing of what the probes print: addresses, time stamps, the clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.engine.probes.machine import offset_of, parse_interfaces, parse_time
from bot.model.network import Interface

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


def test_only_interfaces_that_can_be_advertised_are_listed() -> None:
    """Docker's own bridges are skipped, other bridges are not. All addresses are listed, without prefix length.

    Their networks are beside them; that of a tunnel is its peer, which the kernel routes to.
    """
    assert parse_interfaces(ADDRESSES) == (
        Interface("eth0", ("192.0.2.1", "192.0.2.7", "2001:db8::1"), ("192.0.2.0/24", "2001:db8::/64")),
        Interface("tun0", ("198.51.100.1",), ("198.51.100.2/32",)),
        Interface("br-lan", ("203.0.113.1",), ("203.0.113.0/24",)),
    )


@pytest.mark.parametrize(
    ("stamp", "microsecond"),
    [
        ("2024-05-06T07:08:09.123456789Z", 123456),
        ("2024-05-06T09:08:09.5+02:00", 500000),
        ("2024-05-06T07:08:09Z", 0),
    ],
)
def test_go_time_stamps_are_parsed(stamp: str, microsecond: int) -> None:
    """With any number of digits, and in any time zone."""
    assert parse_time(stamp) == datetime(2024, 5, 6, 7, 8, 9, microsecond, UTC)


def test_a_clock_offset_assumes_the_middle_of_the_round_trip() -> None:
    """A response after four seconds shows the time of two seconds ago."""
    asked = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC).timestamp()
    assert offset_of("2024-05-06T07:08:11Z", asked, 4.0) == 0.0
    assert offset_of("2024-05-06T07:08:09Z", asked, 4.0) == -2.0
    assert offset_of("2024-05-06T07:38:11Z", asked, 4.0) == 1800.0
