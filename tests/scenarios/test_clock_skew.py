"""Clocks that are wrong for real (tests/kits/clock_skew.py): told with direction and amount, and where TLS breaks."""

from __future__ import annotations

import pytest

from bot.errors import EngineError
from sandbox.fleet.host import Host
from tests.kits.clock_skew import clock_off_by, possible
from tests.kits.engines import engines, joining
from tests.kits.scenario import Play


@pytest.fixture
def young(whole_play: Play) -> Play:
    """A cluster of one manager that was made just now: its root certificate began five minutes ago."""
    if not possible():
        pytest.skip("an engine's clock is set wrong only on x86-64, where root may write any process's memory")
    whole_play.stand()
    return whole_play


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
def test_a_clock_that_is_too_far_off(young: Play, seconds: int, told: str) -> None:
    """Check and join say in which direction and by how much; nothing is begun."""
    with clock_off_by(seconds, young["host-3"]):
        answer = young.ask("ada", "check host-3")
        assert answer.startswith("✗ *`host-3` is not fit to join prod*"), answer
        assert f"✗ {told}" in answer
        card = young.change("ada", "join worker host-3")
    assert card.text.startswith("✗ *`host-3` did not join prod*"), card.text
    assert told.partition(".")[0].replace("`", "") in card.text
    assert young.membership("host-3") == "inactive"


def test_a_clock_that_is_a_little_off(young: Play) -> None:
    """It is told, and does not stop a join."""
    with clock_off_by(-60, young["host-3"]):
        assert "! the clock of `host-3` is 60 s behind the managers'" in young.ask("ada", "check host-3")
        card = young.change("ada", "join worker host-3")
        assert card.text.startswith("✓ *1 worker joined prod*"), card.text
        assert young.nodes()["host-3"] == "Ready Active"
    young["host-3"].docker("swarm", "leave")
    forget_others(young["host-1"])


def test_an_hour_is_what_breaks(young: Play) -> None:
    """The fact behind it: what a manager that is ahead issues is dated back by an hour and no more."""
    manager, host = young["host-1"], young["host-4"]
    with engines(young.fleet) as cluster:
        body, token = joining(cluster, "host-4", f"{manager.address}:2377"), cluster["host-1"].join_tokens().worker
        with clock_off_by(3700, manager), pytest.raises(EngineError, match="not valid before"):
            cluster["host-4"].join_swarm(body, token)
        with clock_off_by(3500, manager):
            cluster["host-4"].join_swarm(body, token)
    host.docker("swarm", "leave")
    forget_others(manager)


def forget_others(manager: Host) -> None:
    """Remove all records but the manager's own: a join that failed may have left one too."""
    records = manager.docker("node", "ls", "--format", "{{if not .Self}}{{.ID}}{{end}}").split()
    manager.docker("node", "rm", "--force", *records)
