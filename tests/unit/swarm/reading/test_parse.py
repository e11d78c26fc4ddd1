"""What engines say of nodes, as facts; the records are those that an engine 20.10.24 gave, cut down."""

from __future__ import annotations

from typing import Any

from bot.swarm.reading import parse


def record(node_id: str, created: str, address: str = "", *, state: str = "ready") -> dict[str, Any]:
    """A record of ``GET /nodes``; with an address in Raft that of a manager."""
    manager = {"ManagerStatus": {"Reachability": "reachable", "Addr": address}} if address else {}
    return {
        "ID": node_id,
        "CreatedAt": created,
        "Version": {"Index": 1},
        "Spec": {"Role": "manager" if address else "worker", "Availability": "active"},
        "Status": {"State": state, "Addr": "10.0.0.3"},
        "Description": {"Hostname": "host-3"},
        **manager,
    }


def test_of_two_managers_at_one_address_the_newer_one_is_reached() -> None:
    """The engine calls the record of a wiped manager reachable as soon as the new one answers at its address."""
    found = [
        record("new", "2026-11-25T10:12:32Z", "10.0.0.3:2377"),
        record("old", "2026-11-25T10:12:27Z", "10.0.0.3:2377"),
    ]
    assert {node.id: node.reachability for node in parse.nodes(found)} == {"new": "reachable", "old": "unreachable"}


def test_managers_at_addresses_of_their_own_are_as_the_engine_says() -> None:
    """So are workers, which Raft does not know."""
    found = [
        record("one", "2026-11-25T10:12:27Z", "10.0.0.1:2377"),
        record("two", "2026-11-25T10:12:32Z", "10.0.0.2:2377"),
        record("three", "2026-11-25T10:12:33Z"),
        record("four", "2026-11-25T10:12:34Z"),
    ]
    seen = {node.id: node.reachability for node in parse.nodes(found)}
    assert seen == {"one": "reachable", "two": "reachable", "three": "", "four": ""}
