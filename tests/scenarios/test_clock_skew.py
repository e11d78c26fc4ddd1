"""Engines with a wrong clock (tests/kits/clock_skew.py): the answer shows direction and amount, and when TLS fails."""

from __future__ import annotations

import pytest

from bot.errors import EngineError
from sandbox.fleet.host import Host
from tests.conftest import cannot
from tests.kits.clock_skew import clock_off_by, possible
from tests.kits.engines import engines, joining
from tests.kits.scenario import Scenario


@pytest.fixture
def young_cluster(shared_scenario: Scenario) -> Scenario:
    """A new cluster of one manager, whose root certificate is valid since five minutes ago."""
    if not possible():
        cannot("an engine's clock is set wrong only on x86-64, where root may write any process's memory")
    shared_scenario.stand()
    return shared_scenario


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (4000, "The clock of `host-3` is 4000 s ahead of the managers'. Set the clock of `host-3` (NTP)"),
        (
            -1500,
            "The clock of `host-3` is 1500 s behind the managers', so the root certificate of prod is not valid yet",
        ),
    ],
)
def test_a_large_skew_stops_a_join(young_cluster: Scenario, seconds: int, told: str) -> None:
    """Check and join report direction and amount; nothing is changed."""
    with clock_off_by(seconds, young_cluster["host-3"]):
        answer = young_cluster.ask("ada", "check host-3")
        assert answer.startswith("✗ *`host-3` is not fit to join prod*"), answer
        assert f"✗ {told}" in answer
        card = young_cluster.change("ada", "join worker host-3")
    assert card.text.startswith("✗ *`host-3` did not join prod*"), card.text
    assert told.partition(".")[0].replace("`", "") in card.text
    assert young_cluster.membership("host-3") == "inactive"


def test_a_small_skew_is_a_warning(young_cluster: Scenario) -> None:
    """It is reported and does not stop a join."""
    with clock_off_by(-60, young_cluster["host-3"]):
        assert "! the clock of `host-3` is 60 s behind the managers'" in young_cluster.ask("ada", "check host-3")
        card = young_cluster.change("ada", "join worker host-3")
        assert card.text.startswith("✓ *1 worker joined prod*"), card.text
        assert young_cluster.nodes()["host-3"] == "Ready Active"
    young_cluster["host-3"].docker("swarm", "leave")
    remove_other_nodes(young_cluster["host-1"])


def test_tls_fails_after_an_hour_of_skew(young_cluster: Scenario) -> None:
    """The fact behind the limit: a manager whose clock is ahead backdates certificates by one hour."""
    manager, host = young_cluster["host-1"], young_cluster["host-4"]
    with engines(young_cluster.fleet) as cluster:
        body, token = joining(cluster, "host-4", f"{manager.address}:2377"), cluster["host-1"].join_tokens().worker
        with clock_off_by(3700, manager), pytest.raises(EngineError, match="not valid before"):
            cluster["host-4"].join_swarm(body, token)
        with clock_off_by(3500, manager):
            cluster["host-4"].join_swarm(body, token)
    host.docker("swarm", "leave")
    remove_other_nodes(manager)


def remove_other_nodes(manager: Host) -> None:
    """Remove all node records but the manager's own, because a failed join can leave one."""
    records = manager.docker("node", "ls", "--format", "{{if not .Self}}{{.ID}}{{end}}").split()
    manager.docker("node", "rm", "--force", *records)
