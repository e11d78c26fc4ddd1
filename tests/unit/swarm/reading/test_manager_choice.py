"""Which manager a cluster is read from. A leader that is cut off answers from memory until it notices."""

from __future__ import annotations

from typing import Any

from bot.swarm.reading.manager_choice import readable_managers
from tests.plans.description import Description


def hosts(cluster_id: str = "", **described: Any) -> list[str]:
    """Return the managers to read from, the best first."""
    return readable_managers(Description.model_validate({"hosts": described}).facts().hosts, cluster_id)


def test_the_manager_that_reaches_most_peers_comes_first() -> None:
    """A manager that is cut off comes last. Without information the order does not change."""
    alone = {"10.0.0.2:2377": "no answer", "10.0.0.3:2377": "no answer"}
    cut = {"10.0.0.1:2377": "no answer"}
    seen = hosts(
        a={"is": "leader", "peer_reach": alone},
        b={"is": "manager", "peer_reach": {**cut, "10.0.0.3:2377": "open"}},
        c={"is": "manager", "peer_reach": {**cut, "10.0.0.2:2377": "open"}},
    )
    assert seen == ["b", "c", "a"]
    assert hosts(a={"is": "leader"}, b={"is": "manager"}, w={"is": "worker"}) == ["a", "b"]


def test_hosts_that_cannot_be_read_from() -> None:
    """These are workers, locked and failed hosts, and managers without a leader."""
    assert not hosts(
        a={"is": "worker"},
        b={"is": "manager", "membership": "locked"},
        c={"is": "manager", "failure": "no route"},
        d={"is": "manager", "swarm_error": "no leader"},
    )


def test_a_host_in_a_cluster_of_its_own() -> None:
    """Among several clusters, the one with the most hosts is read, or the one with the given id."""
    members = {"managers": ["10.0.0.2:2377"]}
    described: dict[str, Any] = {
        "a": {"is": "manager", "swarm_id": "strayid", "managers": ["10.0.0.1:2377"]},
        "b": {"is": "leader", **members},
        "c": {"is": "worker", **members},
    }
    assert hosts(**described) == ["b"]
    assert hosts("strayid", **described) == ["a"]
    assert not hosts("gone", **described)
    assert hosts(a=described["a"], b=described["b"]) == ["a"], "of equals the first in swarmbot.yml"
