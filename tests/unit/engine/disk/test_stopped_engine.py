"""Whose swarm state an engine that does not run has."""

from __future__ import annotations

from bot.engine.disk.stopped_engine import address_of, node_of

PEERS = '[{"node_id":"one","addr":"192.0.2.1:2377"},{"node_id":"six","addr":"[2001:db8::6]:2377"}]'


def test_the_address_of_a_node_is_the_one_that_its_peers_have() -> None:
    """Without its port; "" for a node that is not among them, and for what is no list of peers."""
    assert address_of("one", PEERS) == "192.0.2.1"
    assert address_of("six", PEERS) == "2001:db8::6"
    for node, peers in (("two", PEERS), ("one", ""), ("one", "{}"), ("one", '["one"]')):
        assert address_of(node, peers) == ""


def test_what_is_no_certificate_names_no_node() -> None:
    """The fleet's tests read real ones."""
    assert node_of("") == ""
    assert node_of("-----BEGIN CERTIFICATE-----\n") == ""
