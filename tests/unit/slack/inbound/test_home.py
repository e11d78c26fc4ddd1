"""Home's events and presses over HTTP: what the gate gets, and where its answers appear."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from bot import blocks
from bot.errors import Unavailable
from bot.settings import Settings
from bot.slack.inbound.requests import PressRequest, SlashRequest
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier
from sandbox.slack import LocalSlack
from sandbox.slack.render import shown
from tests.kits.web_app import EVENT, PRESS, SHORTCUT, ListeningGate, ask, serving, signed

Deliver = Callable[[dict[str, Any]], int]


class HomeGate(ListeningGate):
    """Notes opened Homes, and answers presses."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[tuple[str, bool]] = []
        self.failing = False

    def home_opened(self, user: str, *, empty: bool) -> None:
        """Note it."""
        if self.failing:
            raise Unavailable("Redis does not respond.")
        self.opened.append((user, empty))

    def press(self, request: PressRequest) -> blocks.Message:
        """Answer it."""
        self.asked.append(request)
        return blocks.text_message("You approved `k7f3`.")


@pytest.fixture
def gate() -> HomeGate:
    """A gate that listens."""
    return HomeGate()


@pytest.fixture
def deliver(gate: HomeGate, slack: LocalSlack, redis_url: str, tmp_path: Path) -> Iterator[Deliver]:
    """Returns the status of a delivery, once all answers to it were sent."""
    notifier = Notifier(web_client(Settings.from_environment(slack.environment())))
    with serving(gate, notifier, redis_url, tmp_path) as web:

        def send(body: dict[str, Any]) -> int:
            if body["type"] == "event_callback":
                raw, kind = json.dumps(body).encode(), "application/json"
            else:
                raw, kind = urlencode({"payload": json.dumps(body)}).encode(), "application/x-www-form-urlencoded"
            return ask(web, raw, CONTENT_TYPE=kind, **signed(raw))[0]

        yield send


def opened(**fields: Any) -> dict[str, Any]:
    """Return the event that somebody opened the app."""
    return {**EVENT, "event": {**EVENT["event"], **fields}}


def test_an_opened_home_is_noted_before_it_is_acknowledged(deliver: Deliver, gate: HomeGate) -> None:
    """Whether Slack shows something there already is in the event. The tab Messages sends the same kind of event."""
    assert deliver(opened(tab="home")) == 200
    assert deliver(opened(tab="home", view={"type": "home", "hash": "1.a"})) == 200
    assert deliver(opened(tab="messages")) == 200
    assert gate.opened == [("U0ADA", True), ("U0ADA", False)]


def test_a_home_that_cannot_be_noted_is_delivered_again(deliver: Deliver, gate: HomeGate) -> None:
    """Slack repeats what was not acknowledged."""
    gate.failing = True
    assert deliver(opened(tab="home")) == 503


@pytest.mark.parametrize("kind", ["home", "modal"])
def test_the_answer_to_a_press_in_a_view_is_a_view(
    deliver: Deliver, gate: HomeGate, slack: LocalSlack, kind: str
) -> None:
    """Above the form that has the button, if it is in a form."""
    trigger = slack.workspace.callbacks.new_trigger("U0ADA")
    if kind == "modal":
        form = {"type": "modal", "title": {"type": "plain_text", "text": "Menu"}, "blocks": []}
        slack.workspace.views.open("U0ADA", form)
    press = {
        **PRESS,
        "channel": None,
        "response_url": None,
        "container": {"type": "view", "view_id": "V1"},
        "view": {"type": kind, "id": "V1", "hash": "1.a"},
        "trigger_id": trigger,
    }
    assert deliver(press) == 200
    [request] = gate.asked
    assert isinstance(request, PressRequest)
    assert (request.view, request.channel, request.response_url) == (kind, "", "")
    stack = slack.wait_for(lambda seen: [v for v in seen.workspace.views.stack("U0ADA") if v.content["blocks"]])
    assert shown("", stack[-1].content["blocks"]) == "You approved `k7f3`."
    assert len(slack.workspace.views.stack("U0ADA")) == (2 if kind == "modal" else 1)


def test_the_shortcut_opens_what_the_command_alone_shows(deliver: Deliver, gate: HomeGate, slack: LocalSlack) -> None:
    """In a view, because it has no channel. The gate gets the command without words."""
    assert deliver({**SHORTCUT, "trigger_id": slack.workspace.callbacks.new_trigger("U0ADA")}) == 200
    [request] = gate.asked
    assert isinstance(request, SlashRequest)
    assert (request.text, request.user, request.channel) == ("", "U0ADA", "")
    stack = slack.wait_for(lambda seen: seen.workspace.views.stack("U0ADA"))
    assert shown("", stack[-1].content["blocks"])


def test_a_shortcut_of_a_message_is_no_payload_of_the_bots(deliver: Deliver) -> None:
    """The manifest has none."""
    assert deliver({**SHORTCUT, "type": "message_action"}) == 400


def test_an_answer_whose_view_does_not_open_is_a_direct_message(deliver: Deliver, slack: LocalSlack) -> None:
    """Nothing is silent: the trigger may have expired."""
    press = {**PRESS, "channel": None, "response_url": None, "view": {"type": "home"}, "trigger_id": "expired"}
    assert deliver(press) == 200
    slack.wait_to_see("ada", "You approved `k7f3`.")
