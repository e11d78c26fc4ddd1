"""Faults between Slack and the bot: late, lost, repeated and forged requests, and no bot."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest
from slack_bolt import Ack, BoltRequest

from sandbox.slack import LocalSlack
from tests.kits.slack_app import app_for, app_with_answer, serving


def test_no_bot_is_dispatch_failed(slack: LocalSlack) -> None:
    """If the bot does not listen or does not answer 200, only the requester sees an error."""
    slack.dispatcher.bot_url = "http://127.0.0.1:9/slack/events"
    assert slack.slash("ada", "prod", "status").error == "dispatch_failed"
    with serving(slack, app_for(slack)):
        assert slack.slash("ada", "prod", "status").status == 404
    assert [e.kind for e in slack.seen_by("ada")].count("error") == 2
    assert slack.seen_by("ben") == []


@pytest.mark.parametrize(
    ("fault", "status"),
    [("forged_signature", 401), ("stale_signature", 401), ("no_signature", 401), ("text_timestamp", 500)],
)
def test_bolt_refuses_invalid_signatures(slack: LocalSlack, fault: Any, status: int) -> None:
    """Requests without a valid signature reach no listener (because of Bolt's 500 the bot has its own check)."""
    app, forms = app_with_answer(slack)
    slack.fault(fault, "command", times=1)
    with serving(slack, app):
        assert slack.slash("ada", "prod", "status").status == status
        assert forms == []
        assert slack.slash("ada", "prod", "status").status == 200


def test_a_late_ack_is_a_time_out() -> None:
    """Without an ack in time the person sees operation_timeout, although the app continues."""
    with LocalSlack(ack_timeout_s=0.2) as slack:
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
    """With ``ack_lost`` the app handles the request, and the person sees a time-out."""
    app, forms = app_with_answer(slack, text="on it")
    slack.fault("ack_lost", "command", times=1)
    with serving(slack, app):
        assert slack.slash("ada", "prod", "status").error == "operation_timeout"
    assert len(forms) == 1


def test_a_request_can_be_repeated(slack: LocalSlack) -> None:
    """``deliver_twice`` sends the same form twice; ``retry`` sends it again with Slack's retry headers."""
    app, forms = app_with_answer(slack)
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
    """An event that is not answered with 200 is sent again at once, marked as a retry; nobody sees an error."""
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
