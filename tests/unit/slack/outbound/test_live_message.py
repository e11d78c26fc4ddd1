"""The live message: throttled, never delaying the job, and always left in the last state."""

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
    """Return a notifier with the bot's own client."""
    return Notifier(web_client(Settings.from_environment(slack.environment())))


def state(number: int) -> blocks.Message:
    """Return one of many states."""
    return blocks.Message(f"state {number}", [blocks.section(f"state {number}")])


def shown(slack: LocalSlack) -> list[str]:
    """Return every text that the channel has shown, edits included."""
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
    """After the pause the newest state is shown."""
    live = LiveMessage(notifier, "C0PROD", edit_interval_s=0.01)
    live.show(state(1))
    slack.wait_to_see("ada", "state 1")
    live.show(state(2))
    slack.wait_to_see("ada", "state 2")
    assert live.end(state(3))


def test_existing_message_is_taken_over(slack: LocalSlack, notifier: Notifier) -> None:
    """A worker that continues a job edits the message of the one that died."""
    ts = notifier.post("C0PROD", state(1))
    live = LiveMessage(notifier, "C0PROD", ts)
    assert live.end(state(2))
    assert [(message.ts, message.text) for message in slack.messages("prod")] == [(ts, "state 2")]


def test_temporary_slack_failure_shows_the_end(slack: LocalSlack, notifier: Notifier) -> None:
    """Refused states are retried; the job is not affected, and the last state arrives."""
    fault = slack.fault("error", "chat.postMessage", times=2)
    live = LiveMessage(notifier, "C0PROD", edit_interval_s=0.01)
    live.show(state(1))
    assert live.end(state(2), wait=20)
    assert fault.times == 0
    assert [message.text for message in slack.messages("prod")] == ["state 2"]


def test_permanent_slack_failure_fails_no_job(slack: LocalSlack, notifier: Notifier) -> None:
    """After the timeout the last state is given up, as the return value and the log say."""
    slack.fault("error", "chat.postMessage")
    live = LiveMessage(notifier, "C0PROD", last_state_timeout_s=0)
    live.show(state(1))
    assert not live.end(state(2), wait=20)


def test_ended_message_ignores_states(slack: LocalSlack, notifier: Notifier) -> None:
    """A late state does not overwrite the outcome."""
    live = LiveMessage(notifier, "C0PROD")
    assert live.end(state(1))
    live.show(state(2))
    assert live.end()
    assert [message.text for message in slack.messages("prod")] == ["state 1"]


def test_abandoned_message_shows_nothing_more(slack: LocalSlack, notifier: Notifier) -> None:
    """A waiting or retried state would overwrite what another process shows."""
    live = LiveMessage(notifier, "C0PROD", edit_interval_s=3600)
    live.show(state(1))
    slack.wait_to_see("ada", "state 1")
    live.show(state(2))
    live.abandon()
    live.show(state(3))
    assert live.end()
    assert [message.text for message in slack.messages("prod")] == ["state 1"]
