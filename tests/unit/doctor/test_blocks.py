"""What the doctor says of the blocks that a workspace accepts."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.doctor.blocks import blocks
from bot.settings import Settings
from bot.slack.outbound.client import web_client
from sandbox.slack import LocalSlack


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack, whose blocks.validate is as strict as its messages."""
    with LocalSlack(bot_url="http://127.0.0.1:9/slack/events") as local:
        yield local


def refusal(body: dict[str, Any]) -> SlackApiError:
    """Return the SDK's error for an answer of Slack."""
    return SlackApiError("", body)  # type: ignore[no-untyped-call] # slack_sdk has no types there


def found(slack: LocalSlack) -> list[tuple[str, str]]:
    """Return the findings for a workspace."""
    client = web_client(Settings.from_environment(slack.environment()), retries=False)
    resources: Any = SimpleNamespace(slack=client)
    return [(each.sign, each.what) for each in blocks(resources)]


def test_a_workspace_that_accepts_all(slack: LocalSlack) -> None:
    """Nothing is posted for it."""
    assert found(slack) == [("✓", "Slack accepts the blocks of Swarmbot's messages and of Home (blocks.validate).")]
    assert slack.transcript() == []


def test_newer_blocks_that_are_refused_are_named(slack: LocalSlack) -> None:
    """It is no problem, because older ones are sent then."""
    slack.fault("refuse_block", "plan")
    slack.fault("refuse_block", "data_table")
    reasons = "plan (unsupported type: plan) and data_table (unsupported type: data_table)"
    assert found(slack) == [("!", f"Slack refuses newer blocks of Swarmbot's messages: {reasons}.")]


def test_older_blocks_that_are_refused_are_a_problem(slack: LocalSlack) -> None:
    """Messages have only their text then."""
    slack.fault("refuse_block", "section")
    [(sign, words)] = found(slack)
    assert (sign, words) == ("✗", "Slack refuses blocks of Swarmbot's messages: section (unsupported type: section).")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("unknown_method", "Blocks: not tested. This Slack has no method blocks.validate."),
        ("ratelimited", "Blocks: not tested. Slack answered blocks.validate with `ratelimited`."),
    ],
)
def test_what_slack_does_not_judge_is_not_tested(slack: LocalSlack, code: str, words: str) -> None:
    """No answer is no verdict."""
    slack.fault("error", "blocks.validate", code=code)
    assert found(slack) == [("!", words)]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SlackRequestError("no route"), "not tested. A request to Slack failed (blocks.validate): no route."),
        (refusal({"ok": False, "error": "invalid_blocks", "errors": None}), "invalid_blocks"),
        (refusal({"ok": False, "error": "invalid_blocks", "errors": ["odd"]}), "a block (odd)"),
        (
            refusal({"ok": False, "error": "invalid_view", "errors": [{"pointer": "/blocks/0"}]}),
            "refuses blocks of Home: /blocks/0.",
        ),
    ],
)
def test_answers_of_other_shapes(error: Exception, words: str) -> None:
    """They are shown as far as they can be read."""

    def answer(_: str, **__: Any) -> None:
        raise error

    resources: Any = SimpleNamespace(slack=SimpleNamespace(api_call=answer))
    assert any(words in each.what for each in blocks(resources))
