"""The swarm state of an engine that does not run."""

from __future__ import annotations

from bot.engine.disk.stopped_engine import address_of, node_of

PEERS = '[{"node_id":"one","addr":"192.0.2.1:2377"},{"node_id":"six","addr":"[2001:db8::6]:2377"}]'


def test_the_address_of_a_node_is_the_one_in_the_list_of_peers() -> None:
    """Without its port; "" for a node that is not listed, and for a list that is not valid."""
    assert address_of("one", PEERS) == "192.0.2.1"
    assert address_of("six", PEERS) == "2001:db8::6"
    for node, peers in (("two", PEERS), ("one", ""), ("one", "{}"), ("one", '["one"]')):
        assert address_of(node, peers) == ""


def test_an_invalid_certificate_gives_no_node_id() -> None:
    """The tests in tests/fleet read real ones."""
    assert node_of("") == ""
    assert node_of("-----BEGIN CERTIFICATE-----\n") == ""
