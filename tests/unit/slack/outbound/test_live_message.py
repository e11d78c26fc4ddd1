"""The live message: throttled, never in the job's way, and always left with the last state."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import blocks
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from bot.slack.outbound.live_message import LiveMessage
from bot.slack.outbound.notifier import Notifier
from sandbox.slack import LocalSlack


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack."""
    with LocalSlack(rate_limits=False) as slack:
        yield slack


@pytest.fixture
def notifier(slack: LocalSlack) -> Notifier:
    """A notifier with the bot's own client."""
    return Notifier(web_client(Settings.from_environment(slack.environment())))


def state(number: int) -> blocks.Message:
    """One of many states."""
    return blocks.Message(f"state {number}", [blocks.section(f"state {number}")])


def shown(slack: LocalSlack) -> list[str]:
    """Every text that the channel has shown, edits included."""
    return [entry.text for entry in slack.transcript() if entry.kind in {"posted", "edited"}]


def test_many_states_are_few_edits_and_the_last_is_shown(slack: LocalSlack, notifier: Notifier) -> None:
    """Between two edits only the newest state is kept; the end does not wait for the throttle."""
    live = LiveMessage(notifier, "C0PROD", edit_interval_s=3600)
    live.show(state(0))
    slack.wait_to_see("ada", "state 0")
    for number in range(1, 100):
        live.show(state(number))
    assert live.end()
    assert [text for text in shown(slack) if "state" in text] == ["state 0", "state 99"]
    assert [message.ts for message in slack.messages("prod")] == [live.ts]


def test_states_are_shown_while_the_job_runs(slack: LocalSlack, notifier: Notifier) -> None:
    """After the pause the newest state is shown without anybody asking."""
    live = LiveMessage(notifier, "C0PROD", edit_interval_s=0.01)
    live.show(state(1))
    slack.wait_to_see("ada", "state 1")
    live.show(state(2))
    slack.wait_to_see("ada", "state 2")
    assert live.end(state(3))


def test_an_existing_message_is_taken_over(slack: LocalSlack, notifier: Notifier) -> None:
    """A worker that goes on with a job edits the message of the one that died."""
    ts = notifier.post("C0PROD", state(1))
    live = LiveMessage(notifier, "C0PROD", ts)
    assert live.end(state(2))
    assert [(message.ts, message.text) for message in slack.messages("prod")] == [(ts, "state 2")]


def test_a_slack_that_fails_for_a_while_shows_the_end(slack: LocalSlack, notifier: Notifier) -> None:
    """Refused states are tried again; the job is not told, and the last one arrives."""
    fault = slack.fault("error", "chat.postMessage", times=2)
    live = LiveMessage(notifier, "C0PROD", edit_interval_s=0.01)
    live.show(state(1))
    assert live.end(state(2), wait=20)
    assert fault.times == 0
    assert [message.text for message in slack.messages("prod")] == ["state 2"]


def test_a_slack_that_stays_silent_fails_no_job(slack: LocalSlack, notifier: Notifier) -> None:
    """Beyond its patience the end is given up, said by the return value and in the log."""
    slack.fault("error", "chat.postMessage")
    live = LiveMessage(notifier, "C0PROD", last_state_timeout_s=0)
    live.show(state(1))
    assert not live.end(state(2), wait=20)


def test_an_ended_message_takes_no_more(slack: LocalSlack, notifier: Notifier) -> None:
    """A late state does not overwrite the outcome."""
    live = LiveMessage(notifier, "C0PROD")
    assert live.end(state(1))
    live.show(state(2))
    assert live.end()
    assert [message.text for message in slack.messages("prod")] == ["state 1"]


def test_an_abandoned_message_shows_nothing_more(slack: LocalSlack, notifier: Notifier) -> None:
    """What was left to be shown, or shown again after a failure, would stand over what others show there."""
    live = LiveMessage(notifier, "C0PROD", edit_interval_s=3600)
    live.show(state(1))
    slack.wait_to_see("ada", "state 1")
    live.show(state(2))
    live.abandon()
    live.show(state(3))
    assert live.end()
    assert [message.text for message in slack.messages("prod")] == ["state 1"]
