"""Slack gets an answer in time, and the person gets the final answer later."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event

import pytest

from bot import blocks
from bot.blocks.modals import Modal, text_field
from bot.errors import Unavailable
from bot.settings import Settings
from bot.slack.inbound import deadline
from bot.slack.inbound.deadline import Responder
from bot.slack.inbound.requests import PressRequest, SlashRequest
from bot.slack.outbound.client import web_client
from bot.slack.outbound.notifier import Notifier
from sandbox.slack import LocalSlack

DONE = blocks.Message("Done after all.", [blocks.section("Done after all.")])


@pytest.fixture
def responder(slack: LocalSlack) -> Iterator[Responder]:
    """Return a responder that sends late answers to that Slack."""
    responder = Responder(Notifier(web_client(Settings.from_environment(slack.environment()))))
    yield responder
    responder.close()


def request(slack: LocalSlack) -> SlashRequest:
    """Return a command of ada."""
    return SlashRequest(
        "status", "U0ADA", "C0PROD", slack.slash("ada", "prod", "status").response_url, "command:1", "1"
    )


def test_late_answer_follows_the_first_one(
    slack: LocalSlack, responder: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First that the result is unknown, then the answer."""
    monkeypatch.setattr(deadline, "ANSWER_TIMEOUT_S", 0.01)
    goes_on = Event()

    def gate() -> blocks.Message:
        goes_on.wait(10)
        return DONE

    first = responder.ask(gate, request(slack))
    assert isinstance(first, blocks.Message)
    assert "it is unknown whether" in first.text
    goes_on.set()
    slack.wait_to_see("ada", "Done after all.", private=True)


@pytest.mark.parametrize(
    ("action", "next_step"), [(None, "Run the command again."), ("secret.enter", "Press the button again.")]
)
def test_a_form_that_does_not_open_is_told(
    slack: LocalSlack,
    responder: Responder,
    monkeypatch: pytest.MonkeyPatch,
    action: str | None,
    next_step: str,
) -> None:
    """Slack's trigger has expired, or the form is late. What to do again is what the person did."""
    typed = request(slack)
    place = (typed.user, typed.channel, typed.response_url)
    asked = PressRequest(action, "", *place, "press:1", "expired", "1.2") if action else typed
    form = Modal("text.give", "{}", "deploy in prod", "Deploy", (text_field("text", "Compose file"),))
    responder.open(asked, form)
    slack.wait_to_see("ada", "Slack did not open the form.", private=True)
    slack.wait_to_see("ada", next_step, private=True)
    monkeypatch.setattr(deadline, "ANSWER_TIMEOUT_S", 0.01)
    goes_on = Event()
    responder.ask(lambda: (goes_on.wait(10), form)[1], asked)
    goes_on.set()
    told = slack.wait_to_see("ada", "It is too late to open the form.", private=True)
    assert next_step in told.text


def test_request_that_never_ran_is_cancelled(
    slack: LocalSlack, responder: Responder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all threads busy a request is cancelled, and does not run later."""
    monkeypatch.setattr(deadline, "ANSWER_TIMEOUT_S", 0.01)
    goes_on, begun = Event(), Event()
    command = request(slack)
    for _ in range(deadline.GATE_THREADS):
        responder.ask(lambda: (goes_on.wait(10), None)[1], command)

    def gate() -> blocks.Message:
        begun.set()
        return DONE

    answer = responder.ask(gate, command)
    assert isinstance(answer, blocks.Message)
    assert "nothing was done." in answer.text
    goes_on.set()
    responder.close()
    assert not begun.is_set()


@pytest.mark.parametrize(
    ("true_now", "title"),
    [
        ("", "was not accepted"),
        ("Nothing was done.", "was not accepted"),
        ("It is not known.", "may not have been accepted"),
    ],
)
def test_unknown_results_are_not_claimed(slack: LocalSlack, responder: Responder, true_now: str, title: str) -> None:
    """Only an error that does not say otherwise means that nothing was done."""

    def gate() -> None:
        raise Unavailable("Redis did not answer.", true_now=true_now)

    answer = responder.ask(gate, request(slack))
    assert isinstance(answer, blocks.Message)
    assert title in answer.text
    assert (true_now or "nothing was done.").lower() in answer.text


@pytest.mark.parametrize("way", ["tell", "show"])
def test_answers_that_wait_are_bounded(slack: LocalSlack, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """While Slack is slow only a limited number is kept, and each of these is sent."""
    monkeypatch.setattr(deadline, "MAX_WAITING_ANSWERS", 3)
    monkeypatch.setattr(deadline, "REPLY_THREADS", 1)
    responder = Responder(Notifier(web_client(Settings.from_environment(slack.environment()))))
    requests = [request(slack) for _ in range(5)]
    goes_on = Event()
    sent: list[SlashRequest] = []

    def send(told: SlashRequest, _: blocks.Message) -> None:
        goes_on.wait(10)
        sent.append(told)

    monkeypatch.setattr(responder, f"_{way}", send)
    for each in requests:
        getattr(responder, way)(each, DONE)
    goes_on.set()
    responder.close()
    assert sent == requests[:3]
