"""`/swarm check` and `join` of a host whose disk is nearly full, and full: they say so before an engine fails."""

from __future__ import annotations

from tests.kits.full_disk import disks_of_their_own, fill, have_room, leave_room, nearly_fill
from tests.kits.scenario import Scenario


def test_a_disk_without_room_is_told_before_a_join(scenario: Scenario) -> None:
    """A full one, or too little space, stops the join and nothing is changed; one that is nearly full is a warning."""
    scenario.cluster()
    host = scenario["host-4"]
    with disks_of_their_own([host]):
        told = scenario.ask("eve", "check host-4")
        assert "is fit to join prod" in told
        assert "disk" not in told
        nearly_fill(host)
        assert "! The disk of Docker's data root" in scenario.ask("eve", "check host-4")
        fill(host)
        told = scenario.ask("eve", "check host-4")
        assert told.startswith("✗ *`host-4` is not fit to join prod*"), told
        assert f"`{host.folder}/data` on `host-4` is full" in told
        card = scenario.change("ada", "join worker host-4")
        assert card.text.startswith("✗ *`host-4` did not join prod*"), card.text
        assert "is full: its engine can store nothing" in card.text
        assert scenario.membership("host-4") == "inactive"
        leave_room(host, 12 * 1024)
        card = scenario.change("ada", "join worker host-4")
        assert "has 12 KiB free, and a new worker needs at least 40 KiB." in card.text
        assert set(scenario.nodes()) == {"host-1"}
        have_room(host)
        assert scenario.change("ada", "join worker host-4").text.startswith("✓ *1 worker joined prod*")
