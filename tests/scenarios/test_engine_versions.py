"""Engines older and newer than the one that is here. Only their version is played: see tests/kits/engine_version.py."""

from __future__ import annotations

import pytest

from tests.kits.engine_version import Version, giving_itself_out_as
from tests.kits.scenario import Play

DOCKER_29 = Version("29.1.3", "1.44", "1.52")
DOCKER_19 = Version("19.03.15", "1.12", "1.40")
TOMORROW = Version("33.0.0", "1.44", "1.70")
AFTER = Version("34.0.0", "1.60", "1.72")


@pytest.fixture
def standing(whole_play: Play) -> Play:
    """A cluster of one manager that no test changes for good."""
    whole_play.stand()
    return whole_play


def test_an_engine_that_takes_our_version_no_more_joins(standing: Play) -> None:
    """Docker 29.0 refuses API 1.41: its oldest is spoken, for questions and changes, and that it is newer is told."""
    with giving_itself_out_as(DOCKER_29, standing["host-3"]) as asked:
        answer = standing.ask("ada", "check host-3")
        assert answer.startswith("! *`host-3` is fit to join prod*"), answer
        assert "! `host-3` runs engine 29.1.3, newer than the managers' 20.10.24" in answer
        card = standing.change("ada", "join worker host-3")
        assert card.text.startswith("✓ *1 worker joined prod*"), card.text
        assert standing.nodes()["host-3"] == "Ready Active"
    assert set(asked) == {"1.44"}
    standing["host-3"].docker("swarm", "leave")
    standing["host-1"].docker("node", "rm", "--force", "host-3")


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
def test_an_engine_with_no_common_version(standing: Play, version: Version, why: str, step: str) -> None:
    """Check, join and status say which is too old, and what to do."""
    with giving_itself_out_as(version, standing["host-3"]) as asked:
        for words in ("check host-3", "status"):
            answer = standing.ask("ada", words)
            assert f"{why}, Swarmbot supports 1.41 to " in answer
            assert step in answer
        assert why in standing.change("ada", "join worker host-3").text
    assert asked == []


def test_an_engine_that_is_newer_than_known_and_takes_our_version(standing: Play) -> None:
    """It is spoken with, and told of."""
    with giving_itself_out_as(TOMORROW, standing["host-3"]):
        answer = standing.ask("ada", "check host-3")
    assert "! engine 33.0.0 is newer than 29, the newest version that Swarmbot supports" in answer
    assert answer.startswith("! *`host-3` is fit to join prod*"), answer
