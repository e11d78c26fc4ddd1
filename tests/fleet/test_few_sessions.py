"""Hosts whose SSH server allows few sessions and no forwarding: everything takes turns, and nothing is left behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.model import FactsQuery
from bot.swarm.reading.facts_reader import FactsReader
from sandbox.fleet import Fleet
from tests.kits.engines import engines, init, joining, second_sshd

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]


@pytest.mark.parametrize(
    ("limited", "sessions"),
    [*(pytest.param(name, 2, marks=pytest.mark.long) for name in ("host-1", "host-2")), ("host-2", 1)],
)
def test_the_overlay_trial_leaves_nothing_behind(hosts: Fleet, tmp_path: Path, limited: str, sessions: int) -> None:
    """Neither a container nor an image, and no leftovers are reported."""
    known, options = tmp_path / "known_hosts", (f"MaxSessions={sessions}", "DisableForwarding=yes")
    reader = FactsReader({})
    with (
        second_sshd(hosts, hosts[limited], known, *options) as keys,
        engines(
            hosts,
            ssh={"known_hosts": str(known)},
            host_1=keys if limited == "host-1" else {},
            host_2=keys if limited == "host-2" else {},
        ) as cluster,
    ):
        remote = init(cluster, "host-1")
        token = cluster["host-1"].join_tokens().worker
        cluster["host-2"].join_swarm({**joining(cluster, "host-2", remote), "Availability": "active"}, token)
        facts = reader.read("prod", cluster, FactsQuery(mesh=True, all_hosts=True))
    reader.close()
    assert facts.mesh is not None
    assert (facts.mesh.leftovers, dict(facts.mesh.skipped)) == ((), {})
    for name in ("host-1", "host-2"):
        assert "swarmbot-check" not in hosts[name].docker("images")
        assert "swarmbot-check" not in hosts[name].docker("ps", "-a")
