"""Commands, presses and modals reach a real Bolt app, and people see what Slack would show them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from slack_bolt import Ack, App, BoltRequest, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.sandbox.slack import CannotDo, LocalSlack
from tests.unit.sandbox_slack.conftest import app_for, serving

Body = dict[str, Any]
TWO_BUTTONS = [
    {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": "share", "text": {"type": "plain_text", "text": "Share"}, "value": "k7f3"},
            {"type": "button", "action_id": "hide", "text": {"type": "plain_text", "text": "Hide"}},
        ],
    },
]


def answering(slack: LocalSlack, **answer: Any) -> tuple[App, list[Body]]:
    """Return an app that acknowledges /swarm with these arguments, and the forms that it received."""
    app, forms = app_for(slack), []

    @app.command("/swarm")
    def swarm(ack: Ack, body: Body) -> None:
        forms.append(body)
        ack(**answer)

    return app, forms


def test_a_command_carries_slacks_form(slack: LocalSlack) -> None:
    """Bolt verifies the signature and finds the documented fields; the text is escaped as Slack does."""
    app, forms = answering(slack, text="on it")
    with serving(slack, app):
        delivery = slack.slash("ada", "#prod", "status @ben #lab @ops host-1.example <x> & 192.0.2.1")
    form = forms[0]
    assert (form["user_id"], form["channel_id"], form["channel_name"]) == ("U0ADA", "C0PROD", "prod")
    assert (form["command"], form["team_id"], form["api_app_id"]) == ("/swarm", "T0LOCAL", "A0SWARM")
    assert form["is_enterprise_install"] == "false"
    users = "<@U0BEN|ben> <#C0LAB|lab> <!subteam^S0OPS|@ops>"
    assert form["text"] == f"status {users} <http://host-1.example|host-1.example> &lt;x&gt; &amp; 192.0.2.1"
    assert (delivery.error, delivery.status, delivery.ack_ms > 0) == ("", 200, True)


def test_text_is_as_typed_without_escaping(slack: LocalSlack) -> None:
    """With escaping off in the app's settings the text arrives as it was typed."""
    slack.world.app.escapes = False
    app, forms = answering(slack)
    with serving(slack, app):
        slack.slash("ada", "prod", "status @ben host-1.example")
    assert forms[0]["text"] == "status @ben host-1.example"


def test_the_acks_body_is_for_the_asker_alone(slack: LocalSlack) -> None:
    """Plain text is private; nobody else, and no history, has it."""
    app, _ = answering(slack, text="on it")
    with serving(slack, app):
        slack.slash("ada", "random", "status")
    assert [(e.kind, e.text, e.private) for e in slack.seen_by("ada")] == [
        ("typed", "/swarm status", True),
        ("posted", "on it", True),
    ]
    assert slack.seen_by("ben") == []
    assert slack.messages("random") == []


def test_an_empty_ack_shows_nothing(slack: LocalSlack) -> None:
    """An empty 200 is silence."""
    app, _ = answering(slack)
    with serving(slack, app):
        slack.slash("ada", "prod", "status")
    assert [e.kind for e in slack.seen_by("ada")] == ["typed"]


def test_in_channel_is_for_everybody(slack: LocalSlack) -> None:
    """response_type in_channel is a public message, the bot a member or not."""
    app, _ = answering(slack, text="healthy", response_type="in_channel")
    with serving(slack, app):
        slack.slash("ada", "random", "status")
    assert [m.text for m in slack.messages("random")] == ["healthy"]
    assert [e.text for e in slack.seen_by("eve")] == ["healthy"]


def test_blocks_in_an_ack_are_checked(slack: LocalSlack) -> None:
    """Blocks that Slack refuses are an error before the person's eyes, not a message."""
    app, _ = answering(slack, text="x", blocks=[{"type": "shout"}])
    with serving(slack, app):
        assert slack.slash("ada", "prod", "status").error == "invalid_blocks"
    assert slack.seen_by("ada")[-1].kind == "error"


def test_nobody_there_is_dispatch_failed(slack: LocalSlack) -> None:
    """A bot that does not listen, or answers anything but 200, is told to the person alone."""
    slack.deliverer.bot_url = "http://127.0.0.1:9/slack/events"
    assert slack.slash("ada", "prod", "status").error == "dispatch_failed"
    with serving(slack, app_for(slack)):
        assert slack.slash("ada", "prod", "status").status == 404
    assert [e.kind for e in slack.seen_by("ada")].count("error") == 2
    assert slack.seen_by("ben") == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [("forged_signature", 401), ("stale_signature", 401), ("no_signature", 401), ("text_timestamp", 500)],
)
def test_bolt_refuses_what_slack_did_not_sign(slack: LocalSlack, fault: Any, status: int) -> None:
    """Requests that are not Slack's own never reach a listener (Bolt's 500 is why the bot has a guard of its own)."""
    app, forms = answering(slack)
    slack.fault(fault, "command", times=1)
    with serving(slack, app):
        assert slack.slash("ada", "prod", "status").status == status
        assert forms == []
        assert slack.slash("ada", "prod", "status").status == 200


def test_an_ack_that_is_late_is_a_time_out() -> None:
    """Without an ack in time the person sees operation_timeout, though the app goes on."""
    with LocalSlack(ack_seconds=0.2) as slack:
        app, go_on = app_for(slack), Event()

        @app.command("/swarm")
        def swarm(ack: Ack) -> None:
            go_on.wait(5)
            ack()

        with serving(slack, app):
            assert slack.slash("ada", "prod", "status").error == "operation_timeout"
            go_on.set()
        assert "operation_timeout" in slack.seen_by("ada")[-1].text


def test_an_ack_can_be_lost(slack: LocalSlack) -> None:
    """``ack_lost``: the app did its work, the person is told of a time-out."""
    app, forms = answering(slack, text="on it")
    slack.fault("ack_lost", "command", times=1)
    with serving(slack, app):
        assert slack.slash("ada", "prod", "status").error == "operation_timeout"
    assert len(forms) == 1


def test_a_request_can_come_twice_and_again(slack: LocalSlack) -> None:
    """``deliver_twice`` sends the same form twice; ``retry`` sends it again with Slack's retry headers."""
    app, forms = answering(slack)
    slack.fault("deliver_twice", "command", times=1)
    with serving(slack, app):
        slack.slash("ada", "prod", "status")
        assert forms[0] == forms[1]
        headers: list[Any] = []
        app.event("app_home_opened")(lambda request: headers.append(request.headers.get("x-slack-retry-num")))
        slack.fault("retry", "event", times=1)
        slack.open_home("ada")
    assert headers == [None, ["1"]]


def test_a_response_url_is_good_five_times(slack: LocalSlack) -> None:
    """Five uses, then 404 used_url; private by default; no membership needed."""
    app, _ = answering(slack)
    with serving(slack, app):
        url = WebhookClient(slack.slash("ada", "random", "status").response_url)
    for number in range(5):
        assert url.send(text=f"answer {number}").status_code == 200
    refused = url.send(text="answer 5")
    assert (refused.status_code, "used_url" in refused.body) == (404, True)
    assert len(slack.ephemerals("ada")) == 5
    assert slack.messages("random") == []


def test_a_response_url_is_good_for_half_an_hour(slack: LocalSlack) -> None:
    """After 30 minutes it is expired_url; a post that says nothing or wrong blocks is a 400."""
    app, _ = answering(slack)
    with serving(slack, app):
        url = WebhookClient(slack.slash("ada", "prod", "status").response_url)
    assert url.send(text="").status_code == 400
    assert url.send(text="x", blocks=[{"type": "shout"}]).status_code == 400
    slack.advance(30 * 60 + 1)
    refused = url.send(text="late")
    assert (refused.status_code, "expired_url" in refused.body) == (404, True)


def test_a_press_replaces_or_deletes_an_ephemeral(slack: LocalSlack, client: WebClient) -> None:
    """The press's response_url replaces the private message in place, keeps it private, and deletes it."""
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


def test_a_modal_is_opened_once_and_submitted(slack: LocalSlack) -> None:
    """A trigger opens one modal within three seconds; errors keep it open, an empty ack closes it."""
    app, seen = app_for(slack), []
    view = {
        "type": "modal",
        "callback_id": "deny",
        "title": {"type": "plain_text", "text": "Deny"},
        "submit": {"type": "plain_text", "text": "Deny"},
        "blocks": [
            {
                "type": "input",
                "block_id": "why",
                "label": {"type": "plain_text", "text": "Why"},
                "element": {"type": "plain_text_input", "action_id": "words"},
            },
        ],
    }

    @app.command("/swarm")
    def swarm(ack: Ack) -> None:
        ack()

    @app.view("deny")
    def deny(ack: Ack, body: Body) -> None:
        words = body["view"]["state"]["values"]["why"]["words"]["value"]
        seen.append(words)
        ack(response_action="errors", errors={"why": "say more"}) if words == "no" else ack()

    with serving(slack, app):
        trigger = slack.slash("ada", "prod", "deny").trigger_id
        old = slack.slash("ada", "prod", "deny").trigger_id
        assert app.client.views_open(trigger_id=trigger, view=view)["ok"]
        with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
            app.client.views_open(trigger_id=trigger, view=view)
        slack.advance(3.5)
        with pytest.raises(SlackApiError, match="expired_trigger_id"):
            app.client.views_open(trigger_id=old, view=view)
        with pytest.raises(CannotDo, match="must be answered"):
            slack.submit_view("ada", {})
        slack.submit_view("ada", {"Why": "no"})
        assert slack.seen_by("ada")[-1].text == "why: say more"
        slack.submit_view("ada", {"Why": "host-2 is down"})
    assert seen == ["no", "host-2 is down"]
    with pytest.raises(CannotDo, match="no modal open"):
        slack.submit_view("ada", {})


def test_modals_stack_and_tell_when_they_close(slack: LocalSlack) -> None:
    """Three modals at most; a press in one carries the view; views.update minds the hash; closing is told if asked."""
    app, seen = app_for(slack), []
    view = {
        "type": "modal",
        "callback_id": "plan",
        "notify_on_close": True,
        "title": {"type": "plain_text", "text": "Plan"},
        "blocks": TWO_BUTTONS,
    }

    @app.command("/swarm")
    def swarm(ack: Ack, body: Body) -> None:
        app.client.views_open(trigger_id=body["trigger_id"], view=view)
        ack()

    @app.action("share")
    def share(ack: Ack, body: Body) -> None:
        seen.append(body["container"]["type"])
        app.client.views_push(trigger_id=body["trigger_id"], view=view)
        ack()

    @app.view_closed("plan")
    def closed(ack: Ack, body: Body) -> None:
        seen.append(body["type"])
        ack()

    with serving(slack, app):
        slack.slash("ada", "prod", "plan")
        first = slack.workspace.views.stack("U0ADA")[0]
        app.client.views_update(view_id=first.id, view=view, hash=first.hash)
        with pytest.raises(SlackApiError, match="hash_conflict"):
            app.client.views_update(view_id=first.id, view=view, hash="old")
        slack.click_in_view("ada", "Share")
        slack.click_in_view("ada", "Share")
        assert len(slack.workspace.views.stack("U0ADA")) == 3
        assert slack.click_in_view("ada", "Share").status == 500
        assert slack.workspace.calls[-1].body["error"] == "push_limit_reached"
        slack.close_view("ada")
    assert seen == ["view", "view", "view", "view_closed"]


def test_a_public_message_is_replaced_in_place(slack: LocalSlack, client: WebClient) -> None:
    """A press on a public message carries it; replacing it edits it for everybody; who left cannot press."""
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
    slack.world.set_members("prod", ["U0ADA"])
    with pytest.raises(CannotDo, match="sees no message"):
        slack.click("ben", ts, "Share")


def test_a_mention_is_an_event(slack: LocalSlack) -> None:
    """What people write to the bot arrives as app_mention, and as message in direct messages."""
    app, heard = app_for(slack), []
    app.event("app_mention")(lambda event: heard.append(event["text"]))
    app.event("message")(lambda event: heard.append(event["channel_type"]))
    with serving(slack, app):
        slack.say("ada", "prod", "hello all")
        slack.say("ada", "prod", "@swarmbot status")
        slack.say("ada", "@swarmbot", "status")
    assert heard == ["<@U0SWARM|swarmbot> status", "im"]


def test_a_failed_event_is_sent_again(slack: LocalSlack) -> None:
    """An event that was not taken with a 200 comes again at once, marked as a retry; nobody is shown an error."""
    app, tries = app_for(slack), []

    @app.event("app_home_opened")
    def opened(request: BoltRequest) -> None:
        tries.append(request.headers.get("x-slack-retry-num"))
        if len(tries) == 1:
            raise ValueError

    with serving(slack, app):
        assert slack.open_home("ada").error == ""
    assert tries == [None, ["1"]]
    assert slack.seen_by("ada") == []


def test_many_people_at_once(slack: LocalSlack) -> None:
    """Commands typed at the same time each reach the bot once and are each answered to who typed."""
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


def test_people_do_only_what_people_can(slack: LocalSlack) -> None:
    """Nobody types in a channel that they are not in."""
    with pytest.raises(CannotDo, match="eve is not in #lab"):
        slack.slash("eve", "lab", "status")
