"""`/swarm map` on real engines: the picture arrives, and its description is what the engines say."""

from __future__ import annotations

import io

from PIL import Image

from tests.kits.scenario import Scenario, description


def test_the_cluster_is_drawn(scenario: Scenario) -> None:
    """Only its requester sees it, until they share it."""
    scenario.cluster(managers=("host-1",), workers=("host-2", "host-3"))
    scenario.change("ada", "label host-2 zone=a")
    scenario.change("ada", "drain host-3")
    after = scenario.now
    scenario.slack.slash("eve", "prod", "map")
    answer = scenario.answer("eve", after)
    assert "*prod is" in answer.text
    told = description(scenario, answer)
    assert "Managers (1): host-1 (leader, ready, 0 tasks)." in told
    assert "Workers in zone a (1): host-2 (ready, 0 tasks)." in told
    assert "Workers without zone (1): host-3 (drained, 0 tasks)." in told
    assert "Not in the cluster (1): host-4 (free)." in told
    [file_id] = answer.files
    assert scenario.slack.file_seen_by(file_id) == ["eve"]
    with Image.open(io.BytesIO(scenario.slack.image("eve", file_id))) as picture:
        assert (picture.format, picture.width) == ("PNG", 1080)
    scenario.slack.click("eve", answer, "Share")
    scenario.see("ada", "shared by <@U0EVE>", after=after, private=False)
    assert "ada" in scenario.slack.file_seen_by(file_id)


def test_without_the_picture_it_is_told_in_words(scenario: Scenario) -> None:
    """Slack refuses the upload."""
    scenario.cluster()
    scenario.slack.fault("error", "files.getUploadURLExternal", code="internal_error")
    told = scenario.ask("eve", "map")
    assert "Managers (1): host-1 (leader, ready, 0 tasks)." in told
    assert "Slack did not take the picture" in told
