"""The addresses of nodes as peers: what the managers see of a worker may not be what it advertises."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.model import ClusterFacts, HostFacts, NodeFacts, Role
from bot.swarm.network.routes import ready_peers


@pytest.mark.parametrize(
    ("role", "raft", "told", "address"),
    [
        ("worker", "", "198.51.100.3", "198.51.100.3"),
        ("worker", "", "", "10.0.0.3"),
        ("manager", "[fd00::3]:2377", "fd00::3", "fd00::3"),
    ],
)
def test_a_peer_has_the_address_that_its_node_advertises(role: Role, raft: str, told: str, address: str) -> None:
    """A record has the source address of a worker's connection, which may differ from its gossip address (seen)."""
    record = NodeFacts("id-3", "three", role, "active", "ready", 1, MappingProxyType({}), host="host-3")
    record = replace(record, address="10.0.0.3", raft_address=raft, reachability="reachable" if raft else "")
    swarm = ClusterFacts("prod", "host-1", 1, MappingProxyType({}), (record,))
    host = HostFacts("host-3", "10.0.0.3", membership="active", node_id="id-3", node_address=told)
    assert [place.address for place in ready_peers(swarm, {"host-3": host})] == [address]
