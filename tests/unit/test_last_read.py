"""What was last read of a cluster, on a real Redis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis import Redis

from bot.last_read import NOTE_INTERVAL_S, LastRead, ReadNodes
from bot.model import ClusterFacts, ServiceFacts
from bot.store import keys
from tests.kits.nodes import worker


def cluster(*names: str) -> ClusterFacts:
    """Return a cluster with these nodes; the host of ``ip-10-0-0-1`` is called host-1 in swarmbot.yml."""
    nodes = tuple(worker(f"id{name}", name, host="host-1" if name == "ip-10-0-0-1" else "") for name in names)
    return ClusterFacts("cluster", "host-1", 1, {}, nodes)


def test_names_are_read_back(client: Redis) -> None:
    """By name in swarmbot.yml, host name and the start of an id; they expire."""
    LastRead(client).note("prod", cluster("ip-10-0-0-1", "build"))
    nodes = LastRead(client).nodes("prod")
    assert nodes is not None
    assert nodes.names == ("host-1", "build")
    assert [nodes.has(name) for name in ("host-1", "ip-10-0-0-1", "build", "idbui", "host-2", "dbuild")] == [
        *[True] * 4,
        *[False] * 2,
    ]
    assert 0 < client.ttl(keys.last_read("nodes", "prod")) <= keys.LAST_READ_TTL_S
    assert LastRead(client).nodes("lab") is None


def test_services_are_known_only_if_they_were_read(client: Redis) -> None:
    """Most reads leave the services out: that does not mean that there are none."""
    last_read, seen = LastRead(client), replace(cluster("a"), services=(ServiceFacts("web", 1, 1, id="idweb"),))
    last_read.note("prod", cluster("a"))
    assert last_read.services("prod") is None
    last_read.note("prod", seen, services=True)
    last_read.note("prod", cluster("a"))
    services = last_read.services("prod")
    assert services is not None
    assert [services.has(name) for name in ("web", "idw", "wbe")] == [True, True, False]
    last_read.note("prod", cluster("a"), services=True)
    services = last_read.services("prod")
    assert services is not None
    assert services.names == ()


def test_equal_names_are_not_stored_at_each_read(client: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that waits reads the cluster several times a second. Other names are stored at once."""
    now = 1000.0
    monkeypatch.setattr("bot.last_read.time.time", lambda: now)
    last_read = LastRead(client)

    def stored() -> ReadNodes:
        found = last_read.nodes("prod")
        assert found is not None
        return found

    last_read.note("prod", cluster("a"))
    now += 1
    last_read.note("prod", cluster("a"))
    assert stored().at == 1000.0
    last_read.note("prod", cluster("a", "b"))
    assert (stored().at, stored().names) == (1001.0, ("a", "b"))
    now += NOTE_INTERVAL_S
    last_read.note("prod", cluster("a", "b"))
    assert stored().at == now
