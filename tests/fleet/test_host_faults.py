"""Each network fault of a host has its effect and can be undone, as seen from the bot and from other hosts."""

from __future__ import annotations

import pytest

from bot.errors import Failed
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.full_disk import disks_of_their_own, fill, have_room
from tests.kits.reachability import bot_reaches, datagrams_that_arrive, pings, reaches, sees, ssh

pytestmark = pytest.mark.fleet


def test_a_cut_cable_isolates_a_host(hosts: Fleet) -> None:
    """With a cut cable, a host is unreachable and reaches no other, and keeps running."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.cut_cable()
    assert not bot_reaches(one)
    assert not pings(two, one.address)
    assert not pings(one, two.address)
    assert one.docker_answers
    one.restore_cable()
    until(lambda: bot_reaches(one) and pings(two, one.address), "the cable is connected again")


def test_a_partition_does_not_affect_the_bot(hosts: Fleet) -> None:
    """A partitioned host still responds to the bot; after heal also to its peers."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.partition()
    assert not reaches(two, one.address)
    assert not reaches(one, two.address)
    assert ssh(hosts, one, "docker", "info", "--format", "{{.Name}}").stdout.strip() == "host-1"
    sees(pings, two, hosts["host-3"].address)
    one.heal()
    sees(reaches, two, one.address)
    sees(reaches, one, two.address)


def test_a_partition_can_have_one_direction(hosts: Fleet) -> None:
    """``in`` only drops packets from peers, ``out`` only packets to them."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.partition("in")
    assert datagrams_that_arrive(one, two, 7946) == 5
    assert datagrams_that_arrive(two, one, 7946) == 0
    one.heal("in")
    one.partition("out")
    assert datagrams_that_arrive(one, two, 7946) == 0
    assert datagrams_that_arrive(two, one, 7946) == 5
    one.heal("out")
    assert datagrams_that_arrive(one, two, 7946) == 5


def test_a_tcp_port_is_blocked_in_one_direction(hosts: Fleet) -> None:
    """A block drops packets for one port in one direction, for all or for one peer, and no others."""
    one, two, three = hosts["host-1"], hosts["host-2"], hosts["host-3"]
    one.block(22)
    assert not bot_reaches(one)
    assert not reaches(two, one.address)
    sees(pings, two, one.address)
    sees(reaches, one, two.address)
    one.unblock(22)
    sees(reaches, two, one.address)
    one.block(22, direction="out")
    assert not reaches(one, two.address)
    sees(reaches, two, one.address)
    one.unblock(22, direction="out")
    one.block(22, peer=two)
    assert not reaches(two, one.address)
    sees(reaches, three, one.address)
    one.unblock(22, peer=two)
    one.block(22, direction="out", peer=two)
    assert not reaches(one, two.address)
    sees(reaches, one, three.address)
    one.unblock(22, direction="out", peer=two)
    sees(reaches, one, two.address)


def test_a_udp_port_is_blocked(hosts: Fleet) -> None:
    """Datagrams for a blocked port are lost; those for other ports and the other direction arrive."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.block(4789, "udp")
    assert datagrams_that_arrive(two, one, 4789) == 0
    assert datagrams_that_arrive(two, one, 4790) == 5
    assert datagrams_that_arrive(one, two, 4789) == 5
    one.unblock(4789, "udp")
    one.block(4789, "udp", direction="out")
    assert datagrams_that_arrive(two, one, 4789) == 5
    assert datagrams_that_arrive(one, two, 4789) == 0


def test_faults_persist_after_a_power_cut(hosts: Fleet) -> None:
    """Network faults are still active when the host is on again."""
    one, two = hosts["host-1"], hosts["host-2"]
    one.block(2377)
    one.partition("in")
    one.restart()
    assert not pings(two, one.address)
    assert one.faults.words() == "partitioned in, 2377/tcp in blocked"
    one.fix()
    sees(pings, two, one.address)


def test_an_added_address_is_reachable(hosts: Fleet) -> None:
    """A second address is reachable like the first one, until the faults are removed."""
    one, two = hosts["host-1"], hosts["host-2"]
    address = one.add_address(201)
    sees(reaches, two, address)
    one.fix()
    assert not reaches(two, address)


def test_a_full_disk_takes_no_byte(hosts: Fleet) -> None:
    """The engine responds and cannot create a swarm until there is room again; another host's disk has room."""
    one, two = hosts["host-1"], hosts["host-2"]
    with disks_of_their_own((one, two)):
        fill(one)
        assert one.docker_answers
        with pytest.raises(Failed, match="no space left on device"):
            one.docker("swarm", "init")
        two.docker("swarm", "init")
        have_room(one)
        one.docker("swarm", "init")
