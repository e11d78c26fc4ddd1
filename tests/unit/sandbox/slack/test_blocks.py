"""Blocks beyond Slack's limits are invalid_blocks, and the answer says which and why."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import PlanBlock, TaskCardBlock

from sandbox.slack import LocalSlack
from sandbox.slack.errors import InvalidBlocks, SlackError
from sandbox.slack.faults import Faults
from sandbox.slack.validate import check_message_blocks, check_view


def plain(characters: int) -> dict[str, Any]:
    """Return a plain text so long."""
    return {"type": "plain_text", "text": "x" * characters}


def button(**more: Any) -> dict[str, Any]:
    """Return a button."""
    return {"type": "button", "text": plain(5), **more}


def section(characters: int, **more: Any) -> dict[str, Any]:
    """Return a section with text so long."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x" * characters}, **more}


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an actions block."""
    return {"type": "actions", "elements": list(elements), **more}


def select(options: int, text: int = 5, value: int = 5) -> dict[str, Any]:
    """Return a menu with so many options."""
    return {"type": "static_select", "options": [{"text": plain(text), "value": "v" * value}] * options}


def table(rows: int, columns: int, characters: int = 1) -> dict[str, Any]:
    """Return a table."""
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * characters}] * columns] * rows}


def task(number: int, status: str = "pending") -> dict[str, Any]:
    """Return a task card."""
    return {"type": "task_card", "task_id": f"t{number}", "title": "a step", "status": status}


def confirm(title: int, text: int, words: int) -> dict[str, Any]:
    """Return a confirmation."""
    return {"title": plain(title), "text": plain(text), "confirm": plain(words), "deny": plain(words)}


def rich(text: str) -> dict[str, Any]:
    """Return a rich text."""
    leaf = {"type": "text", "text": text}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}


AT_THE_LIMIT = {
    "blocks": [{"type": "divider"}] * 50,
    "section": [section(3000)],
    "fields": [{"type": "section", "fields": [plain(2000)] * 10}],
    "header": [{"type": "header", "text": plain(150)}],
    "button": [actions(button(text=plain(75), value="v" * 2000, action_id="a" * 255), block_id="b" * 255)],
    "actions": [actions(*[button()] * 25)],
    "context": [{"type": "context", "elements": [plain(2000)] * 10}],
    "select": [actions(select(100, 75, 150))],
    "confirm": [actions(button(confirm=confirm(100, 300, 30)))],
    "markdown": [{"type": "markdown", "text": "x" * 12_000}],
    "table": [table(100, 20, 5)],
    "plan": [{"type": "plan", "title": "joining", "tasks": [task(n) for n in range(12)]}],
    "task_card": [task(1, "complete")],
    "rich": [rich("x")],
    "same action_id in two blocks": [actions(button(action_id="a")), actions(button(action_id="a"))],
}

OVER = {
    "51 blocks": ([{"type": "divider"}] * 51, "no more than 50 items"),
    "section": ([section(3001)], "at most 3000 characters [json-pointer:/blocks/0/text]"),
    "empty text": ([section(0)], "[json-pointer:/blocks/0/text/text]"),
    "nothing in a section": ([{"type": "section"}], "text or fields"),
    "field": (
        [{"type": "section", "fields": [plain(2001)]}],
        "at most 2000 characters [json-pointer:/blocks/0/fields/0]",
    ),
    "11 fields": ([{"type": "section", "fields": [plain(1)] * 11}], "no more than 10 items"),
    "header": ([{"type": "header", "text": plain(151)}], "at most 150"),
    "header in mrkdwn": ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain_text"),
    "button text": ([actions(button(text=plain(76)))], "at most 75"),
    "button value": ([actions(button(value="v" * 2001))], "at most 2000"),
    "button style": ([actions(button(style="loud"))], "style"),
    "action_id": ([actions(button(action_id="a" * 256))], "at most 255"),
    "block_id": ([actions(button(), block_id="b" * 256)], "at most 255"),
    "26 elements": ([actions(*[button()] * 26)], "no more than 25"),
    "no elements": ([actions()], "no fewer than 1"),
    "11 in context": ([{"type": "context", "elements": [plain(1)] * 11}], "no more than 10"),
    "101 options": ([actions(select(101))], "no more than 100"),
    "option text": ([actions(select(1, text=76))], "at most 75"),
    "option value": ([actions(select(1, value=151))], "at most 150"),
    "confirm title": ([actions(button(confirm=confirm(101, 1, 1)))], "at most 100"),
    "confirm text": ([actions(button(confirm=confirm(1, 301, 1)))], "at most 300"),
    "confirm button": ([actions(button(confirm=confirm(1, 1, 31)))], "at most 30"),
    "duplicate action_id": ([actions(button(action_id="a"), button(action_id="a"))], "`action_id` a already exists"),
    "duplicate block_id": ([section(1, block_id="b"), section(1, block_id="b")], "`block_id` b already exists"),
    "unknown type": ([{"type": "shout"}], "unsupported type: shout"),
    "no type": ([{"text": plain(1)}], "missing required field: type"),
    "unknown key": ([section(1, color="red")], "invalid additional property: color"),
    "number for text": ([{"type": "header", "text": {"type": "plain_text", "text": 5}}], "valid string"),
    "markdown together": ([{"type": "markdown", "text": "x" * 6001}] * 2, "markdown"),
    "101 rows": ([table(101, 1)], "no more than 100"),
    "21 columns": ([table(1, 21)], "no more than 20"),
    "table characters": ([table(100, 20, 6)], "10000"),
    "two tables": ([table(1, 1)] * 2, "only one table"),
    "pending outside a plan": ([task(1)], "only allowed inside a plan"),
    "plan title as an object": ([{"type": "plan", "title": plain(3), "tasks": []}], "valid string"),
    "task status": ([{"type": "plan", "title": "x", "tasks": [task(1, "done")]}], "status"),
    "task twice": ([{"type": "plan", "title": "x", "tasks": [task(1), task(1)]}], "`task_id` must be unique"),
    "a file that is not there": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "F0123456789"}}],
        "invalid slack file [json-pointer:/blocks/0/slack_file]",
    ),
    "a file that is not there, beside text": (
        [section(1, accessory={"type": "image", "alt_text": "x", "slack_file": {"id": "F0123456789"}})],
        "invalid slack file [json-pointer:/blocks/0/accessory/slack_file]",
    ),
    "a file's id that is none": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "F012"}}],
        "^F[A-Z0-9]{8,}$ [json-pointer:/blocks/0/slack_file/id]",
    ),
    "a picture from two places": (
        [{"type": "image", "alt_text": "x", "image_url": "https://x.example", "slack_file": {"id": "F0123456789"}}],
        "exactly one of image_url and slack_file",
    ),
    "a picture from nowhere": ([{"type": "image", "alt_text": "x"}], "exactly one of image_url and slack_file"),
    "alert": ([{"type": "alert", "text": plain(1)}], "unsupported type: alert"),
}


@pytest.mark.parametrize("name", AT_THE_LIMIT)
def test_what_is_at_the_limit_is_taken(name: str) -> None:
    """Nothing stricter than Slack: the greatest sizes pass."""
    check_message_blocks(AT_THE_LIMIT[name], Faults())


@pytest.mark.parametrize("name", OVER)
def test_what_is_over_the_limit_is_refused_and_named(name: str) -> None:
    """One over the limit is refused, with the reason."""
    blocks, reason = OVER[name]
    with pytest.raises(InvalidBlocks) as caught:
        check_message_blocks(blocks, Faults())
    assert reason in "\n".join(caught.value.messages)


def modal(**more: Any) -> dict[str, Any]:
    """Return a modal."""
    return {"type": "modal", "title": plain(24), "blocks": [section(1)], **more}


QUESTION = {"type": "input", "label": plain(5), "element": {"type": "plain_text_input"}}


@pytest.mark.parametrize(
    "view",
    [
        modal(title=plain(25)),
        modal(submit=plain(25)),
        modal(close=plain(25)),
        modal(private_metadata="x" * 3001),
        modal(blocks=[{"type": "divider"}] * 101),
        modal(blocks=[QUESTION]),
        modal(blocks=[{"type": "plan", "title": "x", "tasks": []}]),
        modal(callback="x"),
        {"type": "home", "blocks": [table(1, 1)]},
        {"type": "home", "blocks": [], "title": plain(5)},
        {"type": "page", "blocks": []},
    ],
)
def test_a_view_over_its_limits_is_refused(view: dict[str, Any]) -> None:
    """Titles, metadata, number and kinds of blocks, and a missing submit are looked at."""
    with pytest.raises(SlackError) as caught:
        check_view(view)
    assert caught.value.code == "invalid_arguments"


def test_views_at_their_limits_are_taken() -> None:
    """100 blocks, 24 characters and 3,000 of metadata pass; 250 KB do not."""
    check_view(modal(submit=plain(24), close=plain(24), private_metadata="x" * 3000, blocks=[QUESTION] * 100))
    with pytest.raises(SlackError, match="view_too_large"):
        check_view(modal(blocks=[section(3000)] * 100))


def test_the_client_is_told_what_is_wrong(slack: LocalSlack, client: WebClient) -> None:
    """invalid_blocks carries its reasons in response_metadata.messages, and nothing is posted."""
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0PROD", text="x", blocks=[section(3001)])
    assert caught.value.response["error"] == "invalid_blocks"
    assert "/blocks/0/text" in caught.value.response["response_metadata"]["messages"][0]
    assert slack.messages("prod") == []


def test_slacks_own_plan_is_shown_and_can_be_refused(slack: LocalSlack, client: WebClient) -> None:
    """slack_sdk's PlanBlock is taken and reads well; with the fault it is invalid_blocks as on an older workspace."""
    cards = [TaskCardBlock(task_id="1", title="reach host-3", status="complete")]
    cards.append(TaskCardBlock(task_id="2", title="join", status="pending"))
    blocks = [PlanBlock(title="Joining", tasks=cards).to_dict()]
    client.chat_postMessage(channel="C0PROD", text="x", blocks=blocks)
    assert slack.messages("prod")[0].shown == "Joining\n✓ reach host-3\n· join"
    slack.fault("refuse_block", "plan")
    with pytest.raises(SlackApiError, match="unsupported type: plan"):
        client.chat_postMessage(channel="C0PROD", text="x", blocks=blocks)
