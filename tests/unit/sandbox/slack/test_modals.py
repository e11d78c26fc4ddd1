"""Modals are opened with a trigger id, stacked, submitted and closed."""

from __future__ import annotations

import pytest
from slack_bolt import Ack
from slack_sdk.errors import SlackApiError

from sandbox.slack import CannotDo, LocalSlack
from tests.kits.slack_app import TWO_BUTTONS, Body, app_for, serving


def test_a_trigger_opens_one_modal(slack: LocalSlack) -> None:
    """A trigger id opens one modal within three seconds; errors keep it open, an empty ack closes it."""
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
        with pytest.raises(CannotDo, match="needs an answer"):
            slack.submit_view("ada", {})
        slack.submit_view("ada", {"Why": "no"})
        assert slack.seen_by("ada")[-1].text == "Why: say more"
        slack.submit_view("ada", {"Why": "host-2 is down"})
    assert seen == ["no", "host-2 is down"]
    with pytest.raises(CannotDo, match="no modal open"):
        slack.submit_view("ada", {})


def test_modals_stack_and_report_their_closing(slack: LocalSlack) -> None:
    """At most three modals are open; an action contains the view; views.update checks the hash; closing is reported."""
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
