"""Node records as facts. The records are shortened answers of an engine 20.10.24."""

from __future__ import annotations

from typing import Any

from bot.swarm.reading import parse


def record(node_id: str, created: str, address: str = "", *, state: str = "ready") -> dict[str, Any]:
    """Return a record of ``GET /nodes``; with a Raft address it is a manager."""
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


def test_of_two_managers_with_one_address_the_older_is_unreachable() -> None:
    """The engine calls the record of a wiped manager reachable when the new manager answers at its address."""
    found = [
        record("new", "2026-11-25T10:12:32Z", "10.0.0.3:2377"),
        record("old", "2026-11-25T10:12:27Z", "10.0.0.3:2377"),
    ]
    assert {node.id: node.reachability for node in parse.nodes(found)} == {"new": "reachable", "old": "unreachable"}


def test_managers_with_different_addresses_are_as_the_engine_reports() -> None:
    """So are workers, which are not in Raft."""
    found = [
        record("one", "2026-11-25T10:12:27Z", "10.0.0.1:2377"),
        record("two", "2026-11-25T10:12:32Z", "10.0.0.2:2377"),
        record("three", "2026-11-25T10:12:33Z"),
        record("four", "2026-11-25T10:12:34Z"),
    ]
    seen = {node.id: node.reachability for node in parse.nodes(found)}
    assert seen == {"one": "reachable", "two": "reachable", "three": "", "four": ""}


def test_names_from_a_host_cannot_leave_their_backticks() -> None:
    """A host may call itself anything."""
    found = record("one", "2026-11-25T10:12:27Z") | {"Description": {"Hostname": "a` *b* <!here>\nc"}}
    [node] = parse.nodes([found])
    assert node.hostname == "a???b????here??c"


def test_the_error_of_an_engine_is_shown_without_the_prefix_of_grpc() -> None:
    """As `hosts` shows it."""
    info = {"Swarm": {"Error": "rpc error: code = Unknown desc = The swarm does not have a leader."}}
    assert parse.host("host-1", "10.0.0.1", info).swarm_error == "The swarm does not have a leader."
