"""Commands and events reach a Bolt app, and people see what Slack would show them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from slack_bolt import Ack

from sandbox.slack import CannotDo, LocalSlack
from tests.kits.slack_app import Body, app_for, app_with_answer, serving


def test_a_command_has_slacks_form(slack: LocalSlack) -> None:
    """Bolt verifies the signature and finds the documented fields; the text is escaped as at Slack."""
    app, forms = app_with_answer(slack, text="on it")
    with serving(slack, app):
        delivery = slack.slash("ada", "#prod", "status @ben #lab @operators host-1.example <x> & 192.0.2.1")
    form = forms[0]
    assert (form["user_id"], form["channel_id"], form["channel_name"]) == ("U0ADA", "C0PROD", "prod")
    assert (form["command"], form["team_id"], form["api_app_id"]) == ("/swarm", "T0LOCAL", "A0SWARM")
    assert form["is_enterprise_install"] == "false"
    users = "<@U0BEN|ben> <#C0LAB|lab> <!subteam^S0OPS|@operators>"
    assert form["text"] == f"status {users} <http://host-1.example|host-1.example> &lt;x&gt; &amp; 192.0.2.1"
    assert (delivery.error, delivery.status, delivery.ack_ms > 0) == ("", 200, True)


def test_text_is_unchanged_without_escaping(slack: LocalSlack) -> None:
    """With escaping off in the app's settings, the text arrives as typed."""
    slack.team.app.escapes = False
    app, forms = app_with_answer(slack)
    with serving(slack, app):
        slack.slash("ada", "prod", "status @ben host-1.example")
    assert forms[0]["text"] == "status @ben host-1.example"


def test_only_the_requester_sees_the_ack(slack: LocalSlack) -> None:
    """Plain text is private: nobody else sees it, and it is in no history."""
    app, _ = app_with_answer(slack, text="on it")
    with serving(slack, app):
        slack.slash("ada", "random", "status")
    assert [(e.kind, e.text, e.private) for e in slack.seen_by("ada")] == [
        ("typed", "/swarm status", True),
        ("posted", "on it", True),
    ]
    assert slack.seen_by("ben") == []
    assert slack.messages("random") == []


def test_an_empty_ack_shows_nothing(slack: LocalSlack) -> None:
    """An empty 200 shows no message."""
    app, _ = app_with_answer(slack)
    with serving(slack, app):
        slack.slash("ada", "prod", "status")
    assert [e.kind for e in slack.seen_by("ada")] == ["typed"]


def test_everybody_sees_in_channel(slack: LocalSlack) -> None:
    """response_type in_channel is a public message, even if the bot is not a member."""
    app, _ = app_with_answer(slack, text="healthy", response_type="in_channel")
    with serving(slack, app):
        slack.slash("ada", "random", "status")
    assert [m.text for m in slack.messages("random")] == ["healthy"]
    assert [e.text for e in slack.seen_by("eve")] == ["healthy"]


def test_blocks_in_an_ack_are_checked(slack: LocalSlack) -> None:
    """Blocks that Slack refuses show the person an error, not a message."""
    app, _ = app_with_answer(slack, text="x", blocks=[{"type": "shout"}])
    with serving(slack, app):
        assert slack.slash("ada", "prod", "status").error == "invalid_blocks"
    assert slack.seen_by("ada")[-1].kind == "error"


def test_a_mention_is_an_event(slack: LocalSlack) -> None:
    """A message to the bot arrives as app_mention, and as message in direct messages."""
    app, heard = app_for(slack), []
    app.event("app_mention")(lambda event: heard.append(event["text"]))
    app.event("message")(lambda event: heard.append(event["channel_type"]))
    with serving(slack, app):
        slack.say("ada", "prod", "hello all")
        slack.say("ada", "prod", "@swarmbot status")
        slack.say("ada", "@swarmbot", "status")
    assert heard == ["<@U0SWARM|swarmbot> status", "im"]


def test_many_people_type_at_once(slack: LocalSlack) -> None:
    """Each of many simultaneous commands reaches the bot once and is answered to the person who typed it."""
    app = app_for(slack)

    @app.command("/swarm")
    def swarm(ack: Ack, body: Body) -> None:
        ack(f"{body['user_name']} asked {body['text']}")

    people = ["ada", "ben", "cleo", "dan", "eve"] * 4
    with serving(slack, app), ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda item: slack.slash(item[1], "prod", str(item[0])), enumerate(people)))
    assert {delivery.error for delivery in done} == {""}
    for name in set(people):
        wanted = {f"{name} asked {number}" for number, person in enumerate(people) if person == name}
        assert {m.text for m in slack.ephemerals(name)} == wanted
    entries = slack.transcript()
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))


def test_people_cannot_type_in_other_channels(slack: LocalSlack) -> None:
    """Nobody can type in a channel without being a member."""
    with pytest.raises(CannotDo, match="eve is not in #lab"):
        slack.slash("eve", "lab", "status")
