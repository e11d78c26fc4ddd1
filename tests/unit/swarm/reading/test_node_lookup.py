"""Which host of swarmbot.yml a node record belongs to if the host itself does not report it."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from bot.model import ClusterFacts, HostFacts, Membership, NodeFacts, Role
from bot.swarm.reading.node_lookup import assign_hosts, replacement_of


class _Engines:
    """Two hosts of swarmbot.yml."""

    def names(self) -> tuple[str, ...]:
        """Return both hosts."""
        return ("one", "two")

    def address(self, host: str) -> str:
        """Return the host's address."""
        return {"one": "10.0.0.1", "two": "10.0.0.2"}[host]


def _named(membership: Membership, node_id: str) -> list[str]:
    engines: Any = _Engines()
    hosts = {
        "one": HostFacts("one", "10.0.0.1", membership="active", node_id="id-1"),
        "two": HostFacts("two", "10.0.0.2", membership=membership, node_id=node_id),
    }
    records = [
        NodeFacts(f"id-{n}", f"h{n}", "manager", "active", "ready", 1, MappingProxyType({}), address=f"10.0.0.{n}")
        for n in (1, 2)
    ]
    return [record.host for record in assign_hosts(records, hosts, engines)]


def test_a_locked_host_is_identified_by_its_address() -> None:
    """Its engine reports no node id until it is unlocked (measured on 20.10)."""
    assert _named("locked", "") == ["one", "two"]


def test_a_host_without_a_cluster_has_no_record() -> None:
    """It was wiped or has left: the record with its address is an old one."""
    assert _named("inactive", "") == ["one", ""]


def _at(node_id: str, role: Role, state: str, address: str, raft: str = "") -> NodeFacts:
    reachability = "unreachable" if raft else ""
    record = NodeFacts(node_id, "h2", role, "active", state, 1, MappingProxyType({}), reachability=reachability)
    return replace(record, address=address, raft_address=raft)


def test_a_dead_manager_is_identified_by_its_ipv6_address() -> None:
    """Raft has the address in brackets, swarmbot.yml without."""
    engines: Any = _Engines()
    engines.address = {"one": "fd00::1", "two": "fd00::2"}.__getitem__
    record = _at("id-2", "manager", "down", "", "[fd00::2]:2377")
    assert [node.host for node in assign_hosts([record], {}, engines)] == ["two"]


def test_an_old_record_is_identified_by_its_ipv6_address() -> None:
    """The host of a manager was wiped and joined again as a worker."""
    old, new = _at("old", "manager", "down", "", "[fd00::2]:2377"), _at("new", "worker", "ready", "fd00::2")
    assert replacement_of(ClusterFacts("prodid", "one", 1, MappingProxyType({}), (old, new)), old) == new


def test_of_clones_the_one_at_the_address_that_the_managers_see_is_named() -> None:
    """Two hosts report one node id; which one the record is about is at most a guess, but always the same."""
    engines: Any = _Engines()
    hosts = {
        name: HostFacts(name, address, membership="active", node_id="id-1")
        for name, address in (("one", "10.0.0.1"), ("two", "10.0.0.2"))
    }

    def named(address: str) -> str:
        record = NodeFacts("id-1", "h", "worker", "active", "ready", 1, MappingProxyType({}), address=address)
        return assign_hosts([record], hosts, engines)[0].host

    assert [named("10.0.0.2"), named("10.0.0.1"), named("")] == ["two", "one", "one"]


def test_a_failed_host_is_identified_by_its_address() -> None:
    """Its engine reports no node id if it could not read the certificate."""
    assert _named("error", "") == ["one", "two"]
