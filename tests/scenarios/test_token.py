"""`/swarm token` on real engines: the shown token works, a rotated one does not, and only the requester sees it."""

from __future__ import annotations

import pytest

from bot.errors import Failed
from tests.kits.scenario import Scenario
from tests.kits.secret_search import shown


def test_only_the_requester_sees_a_working_join_command(scenario: Scenario) -> None:
    """The command, run on a host, joins it; no channel shows it; a second request shows it again."""
    scenario.cluster()
    first = scenario.ask("ada", "token worker")
    token, address = shown(first)
    scenario["host-2"].docker("swarm", "join", "--token", token, address)
    assert scenario.nodes()["host-2"] == "Ready Active"
    assert shown(scenario.ask("ada", "token worker")) == (token, address)
    assert {entry.to for entry in scenario.slack.transcript(scenario.began) if token in entry.text} == {("U0ADA",)}


def test_the_manager_token_joins_a_manager(scenario: Scenario) -> None:
    """Only administrators may show it."""
    scenario.cluster()
    token, address = shown(scenario.ask("cleo", "token manager"))
    scenario["host-2"].docker("swarm", "join", "--token", token, address)
    assert scenario.nodes()["host-2"] == "Ready Active Reachable"


def test_a_rotation_only_replaces_the_token(scenario: Scenario) -> None:
    """The engine refuses the old token and accepts the new one; the spec and the other token are unchanged."""
    scenario.change("cleo", "init host-1 --task-history-limit 3 --dispatcher-heartbeat 9s --cert-expiry 48h")
    before = scenario.inspect()
    card = scenario.change("cleo", "token worker --rotate")
    assert card.text.startswith("✓ *The worker token of prod is rotated*"), card.text
    after = scenario.inspect()
    assert after["Spec"] == before["Spec"]
    assert after["JoinTokens"]["Manager"] == before["JoinTokens"]["Manager"]
    new, address = shown(scenario.see("cleo", "docker swarm join --token", private=True).text)
    assert after["JoinTokens"]["Worker"] == new != before["JoinTokens"]["Worker"]
    assert "SWMTKN" not in scenario.public()
    with pytest.raises(Failed, match="A valid join token is necessary"):
        scenario["host-2"].docker("swarm", "join", "--token", before["JoinTokens"]["Worker"], address)
    scenario["host-2"].docker("swarm", "join", "--token", new, address)
    assert scenario.nodes()["host-2"] == "Ready Active"


def test_hide_removes_the_token(manager: Scenario) -> None:
    """After Hide nothing on the requester's screen shows the token; a new request works."""
    manager.ask("ada", "token worker")
    message = next(m for m in manager.slack.ephemerals("ada") if "SWMTKN" in m.shown)
    manager.slack.click("ada", message, "Hide")
    manager.slack.wait_for(lambda slack: not any("SWMTKN" in m.shown for m in slack.ephemerals("ada")))
    shown(manager.ask("ada", "token worker"))


def test_a_lost_message_can_be_requested_again(manager: Scenario) -> None:
    """Slack may lose private messages: after a reload it is gone, and a new request shows it again."""
    first = shown(manager.ask("ada", "token worker"))
    manager.slack.reload("ada")
    assert not any("SWMTKN" in message.shown for message in manager.slack.ephemerals("ada"))
    assert shown(manager.ask("ada", "token worker")) == first


@pytest.mark.parametrize("words", ["token manager", "token worker --rotate", "token manager --rotate"])
def test_operators_cannot_show_or_rotate_the_manager_token(manager: Scenario, words: str) -> None:
    """The answer says who may; no token is shown, and both tokens are unchanged."""
    before = manager.inspect()
    answer = manager.ask("ada", words)
    assert answer.startswith("You can't run ")
    assert "@admins" in answer
    assert "SWMTKN" not in "".join(entry.text for entry in manager.slack.transcript(manager.began))
    assert manager.inspect() == before


def test_a_token_needs_a_cluster(scenario: Scenario) -> None:
    """The answer says so and names the next step."""
    answer = scenario.ask("ada", "token worker")
    assert "no token was shown" in answer
    assert "/swarm status" in answer
