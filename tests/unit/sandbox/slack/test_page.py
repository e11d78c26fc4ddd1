"""What windows of the page are sent, without a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from slack_sdk import WebClient

from handlers import registry
from sandbox.slack import LocalSlack
from sandbox.slack.page.completion import commands
from sandbox.slack.page.window import Window

TOKEN = f"SWMTKN-1-{'a1' * 25}-{'b2' * 12}"


def window(slack: LocalSlack, user: str) -> Window:
    """Return a window of a person."""
    return Window(slack.workspace, slack.team.user(user).id, dict)


def items(news: dict[str, Any]) -> list[str]:
    """Return the texts of the messages in news."""
    return [item["text"] for item in news.get("items", [])]


def test_news_are_what_has_changed(slack: LocalSlack, client: WebClient) -> None:
    """At first everything, then only messages that are new, changed or gone, and nothing if nothing has changed."""
    ts = client.chat_postMessage(channel="C0PROD", text="one")["ts"]
    ada = window(slack, "ada")
    assert items(ada.news()) == ["one"]
    assert ada.news() == {}
    client.chat_update(channel="C0PROD", ts=ts, text="two")
    slack.say("ben", "prod", "three")
    assert items(ada.news()) == ["two", "three"]
    client.chat_delete(channel="C0PROD", ts=ts)
    assert ada.news()["gone"] == [ts]


def test_nobody_is_sent_what_is_for_others(slack: LocalSlack, client: WebClient) -> None:
    """Neither another person's private message or direct messages, nor a channel without them, nor what they typed."""
    client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text=f"docker swarm join --token {TOKEN}")
    client.chat_postMessage(channel="U0ADA", text=f"directly: {TOKEN}")
    client.chat_postMessage(channel="C0LAB", text="in the lab")
    slack.slash("ada", "prod", "token worker")
    sent = {name: json.dumps(window(slack, name).news()) for name in ("ada", "ben", "eve")}
    assert TOKEN in sent["ada"]
    assert "token worker" in sent["ada"]
    assert TOKEN not in sent["ben"] + sent["eve"]
    assert "token worker" not in sent["ben"]
    assert "in the lab" in json.loads(sent["ben"])["items"][0]["text"]
    assert "in the lab" not in json.dumps(json.loads(sent["eve"]).get("items", []))


@pytest.mark.parametrize("user", ["ada", "ben"])
def test_the_inspector_masks_secrets_and_hides_what_is_private(slack: LocalSlack, client: WebClient, user: str) -> None:
    """Tokens are masked even for their reader; another person's window sees that something was sent, and no more."""
    client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text=f"private {TOKEN}")
    slack.slash("ada", "prod", "status")
    posted, command = window(slack, user).news()["exchanges"]
    app = slack.team.app
    for secret in (TOKEN, app.bot_token, app.signing_secret, app.verification_token):
        assert secret not in json.dumps([posted, command])
    assert posted["kind"] == "chat.postEphemeral"
    assert posted["hidden"] is command["hidden"] is (user == "ben")
    assert posted["request"] == (
        None if user == "ben" else {"channel": "C0PROD", "text": "private ***", "user": "U0ADA"}
    )
    assert command["request"] is None or command["request"]["response_url"].endswith("/response/***")


def test_a_reply_in_private_to_a_public_button_stays_private(slack: LocalSlack, client: WebClient) -> None:
    """A response_url of a public message that shows something to the presser alone is theirs."""
    button = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
    blocks = [{"type": "actions", "elements": [button]}]
    ts = client.chat_postMessage(channel="C0PROD", text="a card", blocks=blocks)["ts"]
    pressed = slack.click("dan", ts, "Go")
    client.api_call(pressed.response_url, json={"text": "only for dan"})
    seen = {name: window(slack, name).news()["exchanges"] for name in ("dan", "ben")}
    assert "only for dan" in json.dumps(seen["dan"])
    assert "only for dan" not in json.dumps(seen["ben"])


def test_every_command_is_completed() -> None:
    """With its usage, and the flags that changes have."""
    found = {each["usage"]: each for each in commands()}
    assert set(found) == {command.usage for command in registry().values()}
    join = next(each for each in found.values() if each["word"] == "join")
    assert {"--reason", "--plan"} <= {flag["shown"] for flag in join["flags"]}
