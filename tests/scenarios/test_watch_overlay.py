"""Watch checks the routes between the nodes on real engines, and reports one that is blocked while all are ready."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from tests.kits.scenario import config
from tests.kits.watch_scenario import WatchScenario

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

CHECKED_TIMEOUT_S = 150.0
"""Two checks, up to a minute after the block and a minute later, and some seconds for each."""


@pytest.fixture
def scenario(hosts: Fleet, tmp_path: Path) -> Iterator[WatchScenario]:
    """A bot whose watch checks the routes each minute."""
    settings = {**config(hosts), "watch": {"poll": "1s", "quiet_poll": "5s", "overlay_check": "1m"}}
    with Deployment(hosts, tmp_path / "deployment", watchers=1, config=settings) as deployment:
        yield WatchScenario(deployment)


def test_a_blocked_port_is_told_until_a_check_finds_it_open(scenario: WatchScenario) -> None:
    """The nodes are ready throughout; the check leaves nothing behind, and readings continue meanwhile."""
    scenario.cluster(workers=("host-2", "host-3"), ingress=True)
    scenario["host-3"].block(4789, "udp")
    scenario.watched()
    told = scenario.told("do not reach each other", "4789/udp", "`host-3`", timeout=CHECKED_TIMEOUT_S)
    assert "Ready" in scenario.nodes()["host-3"]
    assert "Routes between nodes: checked" in scenario.ask("eve", "watch")
    scenario["host-3"].unblock(4789, "udp")
    ended = scenario.told("all nodes of prod reach each other", resolved=True, timeout=CHECKED_TIMEOUT_S)
    assert ended.id == told.id
    assert len(scenario.incidents()) == 1
    until(lambda: not networks(scenario), "the network of the check is removed", timeout=60)


def networks(scenario: WatchScenario) -> str:
    """Return the networks of checks that host-1's engine knows."""
    return scenario["host-1"].docker("network", "ls", "-q", "--filter", "name=swarmbot-check-").strip()
