"""`/swarm token` on real engines: what is shown joins, what was rotated joins nothing, and one person alone sees it."""

from __future__ import annotations

import pytest

from bot.errors import Failed
from tests.kits.scenario import Play
from tests.kits.secret_search import shown


def test_the_line_joins_a_host_and_one_person_alone_sees_it(play: Play) -> None:
    """The very line, run on a host, makes it a node; no channel has seen it; asking again shows it again."""
    play.cluster()
    first = play.ask("ada", "token worker")
    token, address = shown(first)
    play["host-2"].docker("swarm", "join", "--token", token, address)
    assert play.nodes()["host-2"] == "Ready Active"
    assert shown(play.ask("ada", "token worker")) == (token, address)
    assert {entry.to for entry in play.slack.transcript(play.began) if token in entry.text} == {("U0ADA",)}


def test_the_managers_line_makes_a_manager(play: Play) -> None:
    """It is for admins, and makes the host a manager."""
    play.cluster()
    token, address = shown(play.ask("cleo", "token manager"))
    play["host-2"].docker("swarm", "join", "--token", token, address)
    assert play.nodes()["host-2"] == "Ready Active Reachable"


def test_hide_takes_it_off_the_screen(play: Play) -> None:
    """After Hide nothing on the person's screen holds the token; asking again works."""
    play.stand()
    play.ask("ada", "token worker")
    message = next(m for m in play.slack.ephemerals("ada") if "SWMTKN" in m.shown)
    play.slack.click("ada", message, "Hide")
    play.slack.wait_for(lambda slack: not any("SWMTKN" in m.shown for m in slack.ephemerals("ada")))
    shown(play.ask("ada", "token worker"))


def test_a_lost_private_message_is_asked_for_again(play: Play) -> None:
    """Slack promises no delivery of private messages: after a reload it is gone, and comes again when asked for."""
    play.stand()
    first = shown(play.ask("ada", "token worker"))
    play.slack.reload("ada")
    assert not any("SWMTKN" in message.shown for message in play.slack.ephemerals("ada"))
    assert shown(play.ask("ada", "token worker")) == first


def test_rotation_makes_the_old_token_worthless_and_nothing_else_different(play: Play) -> None:
    """The engine refuses the old token and takes the new; the spec and the other token are as they were."""
    play.change("cleo", "init host-1 --task-history-limit 3 --dispatcher-heartbeat 9s --cert-expiry 48h")
    before = play.inspect()
    card = play.change("cleo", "token worker --rotate")
    assert card.text.startswith("✓ *The worker token of prod is rotated*"), card.text
    after = play.inspect()
    assert after["Spec"] == before["Spec"]
    assert after["JoinTokens"]["Manager"] == before["JoinTokens"]["Manager"]
    new, address = shown(play.see("cleo", "docker swarm join --token", private=True).text)
    assert after["JoinTokens"]["Worker"] == new != before["JoinTokens"]["Worker"]
    assert "SWMTKN" not in play.public()
    with pytest.raises(Failed, match="A valid join token is necessary"):
        play["host-2"].docker("swarm", "join", "--token", before["JoinTokens"]["Worker"], address)
    play["host-2"].docker("swarm", "join", "--token", new, address)
    assert play.nodes()["host-2"] == "Ready Active"


@pytest.mark.parametrize("words", ["token manager", "token worker --rotate", "token manager --rotate"])
def test_operators_neither_see_the_managers_token_nor_rotate(play: Play, words: str) -> None:
    """They are told whom to ask, are shown no token, and both tokens stay."""
    play.stand()
    before = play.inspect()
    answer = play.ask("ada", words)
    assert answer.startswith("You can't run ")
    assert "@admins" in answer
    assert "SWMTKN" not in "".join(entry.text for entry in play.slack.transcript(play.began))
    assert play.inspect() == before


def test_without_a_cluster_there_is_no_token(play: Play) -> None:
    """The answer says so and where to look."""
    answer = play.ask("ada", "token worker")
    assert "No token was shown" in answer
    assert "/swarm status" in answer
