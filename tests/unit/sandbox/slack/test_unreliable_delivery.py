"""What goes wrong between Slack and the bot: late, lost, doubled and forged requests, and nobody there."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from slack_bolt import Ack, BoltRequest

from sandbox.slack import LocalSlack
from tests.kits.slack_app import answering
from tests.unit.sandbox.slack.conftest import app_for, serving


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
