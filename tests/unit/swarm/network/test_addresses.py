"""The address that a node advertises or listens on; the messages are tested in tests/plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refused
from bot.model import HostFacts, Interface
from bot.swarm.network.addresses import advertise_address, joining_address, local_address

ONE = HostFacts("host-1", "10.0.0.1", interfaces=(Interface("eth0", ("10.0.0.1",)),))
MANY = HostFacts(
    "host-1", "10.0.0.1", interfaces=(Interface("eth0", ("10.0.0.1", "fd00::1")), Interface("eth1", ("192.168.7.1",)))
)


@pytest.mark.parametrize(
    ("wanted", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1:2400", "10.0.0.1:2400"),
        ("10.0.0.1:", "10.0.0.1"),
        ("eth1", "192.168.7.1"),
        ("eth1:2400", "192.168.7.1:2400"),
        ("fd00::1", "fd00::1"),
        ("FD00:0::1", "fd00::1"),
        ("[fd00::1]", "fd00::1"),
        ("[fd00::1]:2400", "[fd00::1]:2400"),
    ],
)
def test_an_address_of_the_host_is_accepted(wanted: str, address: str) -> None:
    """In the form that engines accept: IPv6 has brackets only before a port (measured on 20.10.24)."""
    assert advertise_address(MANY, wanted) == address
    assert local_address(MANY, wanted, "--listen-addr") == address


@pytest.mark.parametrize(
    "wanted",
    [
        "127.0.0.1",
        "::1",
        "[::1]:2377",
        "0.0.0.0",  # noqa: S104 - it is refused
        "10.0.0.2",
        "eth0",
        "eth9",
        "10.0.0",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:abc",
        "10.0.0.1:\u0662",
        "[fd00::1]:x",
    ],
)
def test_an_unreachable_address_is_refused(wanted: str) -> None:
    """Engines accept most of these, and one of them destroyed a quorum (docs/swarm-behaviour.md#init-and-addresses)."""
    with pytest.raises(Refused):
        advertise_address(MANY, wanted)


def test_the_default_address() -> None:
    """It is the only address; among several, a joining host uses that of swarmbot.yml and a first manager asks."""
    assert advertise_address(ONE, None) == joining_address(ONE, None) == "10.0.0.1"
    assert joining_address(MANY, None) == "10.0.0.1"
    with pytest.raises(Refused, match="3 addresses"):
        advertise_address(MANY, None)


@pytest.mark.parametrize("everywhere", ["0.0.0.0", "0.0.0.0:2377", "[::]:2377", "::"])  # noqa: S104 - Docker's own default
def test_listening_on_all_addresses(everywhere: str) -> None:
    """A flag that binds accepts all addresses, as written."""
    assert local_address(ONE, everywhere, "--listen-addr") == everywhere


@given(st.text(min_size=1))
def test_any_other_text_is_refused(wanted: str) -> None:
    """Nothing else reaches the engine, and no markup from the text is shown."""
    try:
        found = advertise_address(MANY, wanted)
    except Refused as error:
        shown = str(error)
    else:
        shown = ""
        assert any(address in found for interface in MANY.interfaces for address in interface.addresses)
    assert "<" not in shown
