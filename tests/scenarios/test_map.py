"""`/swarm map` on real engines: the picture arrives, and its description is what the engines say."""

from __future__ import annotations

from tests.kits.drawn_answer import ask_for_picture
from tests.kits.scenario import Scenario


def test_the_cluster_is_drawn(scenario: Scenario) -> None:
    """Only its requester sees it, until they share it."""
    scenario.cluster(managers=("host-1",), workers=("host-2", "host-3"))
    scenario.change("ada", "label host-2 zone=a")
    scenario.change("ada", "drain host-3")
    after = scenario.now
    drawn = ask_for_picture(scenario, "eve", "map")
    assert "*prod is" in drawn.answer.text
    assert "Managers (1): host-1 (leader, ready, 0 tasks)." in drawn.description
    assert "Workers in zone a (1): host-2 (ready, 0 tasks)." in drawn.description
    assert "Workers without zone (1): host-3 (drained, 0 tasks)." in drawn.description
    assert "Not in the cluster (1): host-4 (free)." in drawn.description
    assert scenario.slack.file_seen_by(drawn.file_id) == ["eve"]
    scenario.slack.click("eve", drawn.answer, "Share")
    scenario.see("ada", "shared by <@U0EVE>", after=after, private=False)
    assert "ada" in scenario.slack.file_seen_by(drawn.file_id)


def test_without_the_picture_it_is_told_in_words(scenario: Scenario) -> None:
    """Slack refuses the upload."""
    scenario.cluster()
    scenario.slack.fault("error", "files.getUploadURLExternal", code="internal_error")
    told = scenario.ask("eve", "map")
    assert "Managers (1): host-1 (leader, ready, 0 tasks)." in told
    assert "Slack did not take the picture" in told
