"""Actions and response_urls: what they replace, delete and post, and how often."""

from __future__ import annotations

import pytest
from slack_bolt import Ack, Respond
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from sandbox.slack import CannotDo, LocalSlack
from tests.kits.slack_app import TWO_BUTTONS, Body, app_for, app_with_answer, serving


def test_a_response_url_is_valid_five_times(slack: LocalSlack) -> None:
    """After five uses it returns 404 used_url; posts are private by default and need no membership."""
    app, _ = app_with_answer(slack)
    with serving(slack, app):
        url = WebhookClient(slack.slash("ada", "random", "status").response_url)
    for number in range(5):
        assert url.send(text=f"answer {number}").status_code == 200
    refused = url.send(text="answer 5")
    assert (refused.status_code, "used_url" in refused.body) == (404, True)
    assert len(slack.ephemerals("ada")) == 5
    assert slack.messages("random") == []


def test_a_response_url_is_valid_for_half_an_hour(slack: LocalSlack) -> None:
    """After 30 minutes it is expired_url; an empty post or invalid blocks return 400."""
    app, _ = app_with_answer(slack)
    with serving(slack, app):
        url = WebhookClient(slack.slash("ada", "prod", "status").response_url)
    assert url.send(text="").status_code == 400
    assert url.send(text="x", blocks=[{"type": "shout"}]).status_code == 400
    slack.advance(30 * 60 + 1)
    refused = url.send(text="late")
    assert (refused.status_code, "expired_url" in refused.body) == (404, True)


def test_an_action_replaces_or_deletes_an_ephemeral(slack: LocalSlack, client: WebClient) -> None:
    """The response_url of an action replaces the ephemeral, keeps it private, and deletes it."""
    app, payloads = app_for(slack), []

    @app.action("share")
    def share(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        payloads.append(body)
        respond(text="shared", blocks=TWO_BUTTONS, replace_original=True, response_type="in_channel")

    @app.action("hide")
    def hide(ack: Ack, respond: Respond) -> None:
        ack()
        respond(delete_original=True)

    ts = str(client.chat_postEphemeral(channel="C0PROD", user="U0ADA", text="x", blocks=TWO_BUTTONS)["message_ts"])
    with serving(slack, app):
        with pytest.raises(CannotDo):
            slack.click("ben", ts, "Share")
        slack.click("ada", ts, "Share")
        assert [m.text for m in slack.ephemerals("ada")] == ["shared"]
        assert slack.messages("prod") == []
        slack.click("ada", ts, "hide")
    assert slack.ephemerals("ada") == []
    body = payloads[0]
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": "C0PROD", "is_ephemeral": True}
    action = body["actions"][0]
    assert (action["action_id"], action["value"], bool(action["block_id"])) == ("share", "k7f3", True)
    assert "message" not in body


def test_an_action_replaces_a_public_message(slack: LocalSlack, client: WebClient) -> None:
    """The action contains the message; a replacement edits it for everybody; a person who left cannot press."""
    app, texts = app_for(slack), []

    @app.action("share")
    def share(ack: Ack, body: Body, respond: Respond) -> None:
        ack()
        texts.append(body["message"]["text"])
        respond(text="approved", replace_original=True)

    ts = str(client.chat_postMessage(channel="C0PROD", text="asks", blocks=TWO_BUTTONS)["ts"])
    with serving(slack, app):
        slack.click("ben", ts, "Share")
    assert texts == ["asks"]
    assert [(m.text, m.blocks, m.ts) for m in slack.messages("prod")] == [("approved", [], ts)]
    assert slack.seen_by("eve")[-1].text == "approved"
    slack.team.set_members("prod", ["U0ADA"])
    with pytest.raises(CannotDo, match="sees no message"):
        slack.click("ben", ts, "Share")
