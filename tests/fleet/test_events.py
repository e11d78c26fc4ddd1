"""The event stream of real engines: it reports changes of the cluster, and breaks with its host."""

from __future__ import annotations

import pytest

from bot.errors import HostUnreachable
from bot.model import EventStream
from sandbox.fleet import Fleet
from tests.kits.engines import engines, init, joining

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(120)]


def event_came(stream: EventStream) -> bool:
    """Wait long enough for any event of a change that was just made, and for the events that follow it."""
    found = stream.wait(5.0)
    while stream.wait(0.5):
        pass
    return found


def test_a_manager_reports_changes_of_the_cluster_alone(hosts: Fleet) -> None:
    """Not for containers of its own; and it ends when the host's SSH connection does."""
    with engines(hosts) as cluster:
        remote = init(cluster, "host-1")
        manager, worker = cluster["host-1"], cluster["host-2"]
        stream = manager.events()
        worker.join_swarm(joining(cluster, "host-2", remote), manager.join_tokens().worker)
        assert event_came(stream), "a node has joined"
        container = hosts["host-1"].docker("create", "swarmbot/task").strip()
        hosts["host-1"].docker("rm", container)
        assert not stream.wait(1.0), "its own container is no change of the cluster"
        node = next(node for node in manager.nodes() if node["Spec"]["Role"] == "worker")
        manager.update_node(node["ID"], node["Version"]["Index"], {**node["Spec"], "Labels": {"zone": "b"}})
        assert event_came(stream), "a label has changed"
        hosts["host-1"].stop_ssh()
        hosts["host-1"].run("sh", "-c", "kill $(pidof sshd)")
        with pytest.raises(HostUnreachable, match="broke"):
            stream.wait(20.0)
        stream.close()


def test_streams_take_no_connection_from_reads(hosts: Fleet) -> None:
    """Each has one of its own, and closing it returns at once."""
    with engines(hosts) as cluster:
        init(cluster, "host-1")
        streams = [cluster["host-1"].events() for _ in range(4)]
        assert cluster["host-1"].nodes()
        for stream in streams:
            stream.close()
        assert cluster["host-1"].info()
