"""Engines of other versions than the installed one; tests/kits/engine_version.py simulates only the version."""

from __future__ import annotations

import pytest

from tests.kits.engine_version import Version, giving_itself_out_as
from tests.kits.scenario import Scenario

DOCKER_29 = Version("29.1.3", "1.44", "1.52")
DOCKER_19 = Version("19.03.15", "1.12", "1.40")
TOMORROW = Version("33.0.0", "1.44", "1.70")
AFTER = Version("34.0.0", "1.60", "1.72")


@pytest.fixture
def cluster(shared_scenario: Scenario) -> Scenario:
    """A cluster of one manager that every test leaves unchanged."""
    shared_scenario.stand()
    return shared_scenario


def test_an_engine_without_our_api_version_joins(cluster: Scenario) -> None:
    """Docker 29.0 refuses API 1.41: the bot uses the oldest accepted version, and reports that the engine is newer."""
    with giving_itself_out_as(DOCKER_29, cluster["host-3"]) as asked:
        answer = cluster.ask("ada", "check host-3")
        assert answer.startswith("! *`host-3` is fit to join prod*"), answer
        assert "! `host-3` runs engine 29.1.3, newer than the managers' 20.10.24" in answer
        card = cluster.change("ada", "join worker host-3")
        assert card.text.startswith("✓ *1 worker joined prod*"), card.text
        assert cluster.nodes()["host-3"] == "Ready Active"
    assert set(asked) == {"1.44"}
    cluster["host-3"].docker("swarm", "leave")
    cluster["host-1"].docker("node", "rm", "--force", "host-3")


@pytest.mark.parametrize(
    ("version", "why", "step"),
    [
        (
            DOCKER_19,
            "its engine 19.03.15 supports Docker's API 1.12 to 1.40",
            "Upgrade Docker on it to 20.10 or newer.",
        ),
        (AFTER, "its engine 34.0.0 supports Docker's API 1.60 to 1.72", "Update Swarmbot."),
    ],
)
def test_an_engine_without_a_common_api_version_is_reported(
    cluster: Scenario, version: Version, why: str, step: str
) -> None:
    """Check, join and status say which side is too old, and what to do."""
    with giving_itself_out_as(version, cluster["host-3"]) as asked:
        for words in ("check host-3", "status"):
            answer = cluster.ask("ada", words)
            assert f"{why}, Swarmbot supports 1.41 to " in answer
            assert step in answer
        assert why in cluster.change("ada", "join worker host-3").text
    assert asked == []


def test_a_newer_engine_with_our_api_version_is_used(cluster: Scenario) -> None:
    """The bot uses it and reports that it is newer."""
    with giving_itself_out_as(TOMORROW, cluster["host-3"]):
        answer = cluster.ask("ada", "check host-3")
    assert "! engine 33.0.0 is newer than 29, the newest version that Swarmbot supports" in answer
    assert answer.startswith("! *`host-3` is fit to join prod*"), answer
