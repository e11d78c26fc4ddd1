"""Blocks and views over Slack's limits are refused, and the error names the limit."""

from __future__ import annotations

from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.models.blocks import PlanBlock, TaskCardBlock

from sandbox.slack import LocalSlack
from sandbox.slack.base import InvalidBlocks, SlackError
from sandbox.slack.faults import Faults
from sandbox.slack.validate import check_message_blocks, check_view


def plain_text(characters: int) -> dict[str, Any]:
    """Return a plain_text object of this length."""
    return {"type": "plain_text", "text": "x" * characters}


def button(**more: Any) -> dict[str, Any]:
    """Return a button."""
    return {"type": "button", "text": plain_text(5), **more}


def section(characters: int, **more: Any) -> dict[str, Any]:
    """Return a section with a text of this length."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x" * characters}, **more}


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return an actions block."""
    return {"type": "actions", "elements": list(elements), **more}


def select(options: int, text: int = 5, value: int = 5) -> dict[str, Any]:
    """Return a menu with this many options."""
    return {"type": "static_select", "options": [{"text": plain_text(text), "value": "v" * value}] * options}


def table(rows: int, columns: int, characters: int = 1) -> dict[str, Any]:
    """Return a table."""
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * characters}] * columns] * rows}


def task(number: int, status: str = "pending") -> dict[str, Any]:
    """Return a task card."""
    return {"type": "task_card", "task_id": f"t{number}", "title": "a step", "status": status}


def confirm(title: int, text: int, words: int) -> dict[str, Any]:
    """Return a confirmation."""
    return {
        "title": plain_text(title),
        "text": plain_text(text),
        "confirm": plain_text(words),
        "deny": plain_text(words),
    }


def rich(text: str) -> dict[str, Any]:
    """Return a rich text block."""
    leaf = {"type": "text", "text": text}
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}


AT_THE_LIMIT = {
    "blocks": [{"type": "divider"}] * 50,
    "section": [section(3000)],
    "fields": [{"type": "section", "fields": [plain_text(2000)] * 10}],
    "header": [{"type": "header", "text": plain_text(150)}],
    "button": [actions(button(text=plain_text(75), value="v" * 2000, action_id="a" * 255), block_id="b" * 255)],
    "actions": [actions(*[button()] * 25)],
    "context": [{"type": "context", "elements": [plain_text(2000)] * 10}],
    "select": [actions(select(100, 75, 150))],
    "confirm": [actions(button(confirm=confirm(100, 300, 30)))],
    "markdown": [{"type": "markdown", "text": "x" * 12_000}],
    "table": [table(100, 20, 5)],
    "data table": [table(101, 20, 4) | {"type": "data_table", "caption": "Nodes", "page_size": 100}],
    "plan": [{"type": "plan", "title": "joining", "tasks": [task(n) for n in range(12)]}],
    "task_card": [task(1, "complete")],
    "rich": [rich("x")],
    "same action_id in two blocks": [actions(button(action_id="a")), actions(button(action_id="a"))],
}

OVER_THE_LIMIT = {
    "51 blocks": ([{"type": "divider"}] * 51, "no more than 50 items"),
    "section": ([section(3001)], "at most 3000 characters [json-pointer:/blocks/0/text]"),
    "empty text": ([section(0)], "[json-pointer:/blocks/0/text/text]"),
    "section without content": ([{"type": "section"}], "text or fields"),
    "field": (
        [{"type": "section", "fields": [plain_text(2001)]}],
        "at most 2000 characters [json-pointer:/blocks/0/fields/0]",
    ),
    "11 fields": ([{"type": "section", "fields": [plain_text(1)] * 11}], "no more than 10 items"),
    "header": ([{"type": "header", "text": plain_text(151)}], "at most 150"),
    "data table without a row": ([table(1, 1, 1) | {"type": "data_table", "caption": "Nodes"}], "items"),
    "data table without a caption": ([table(2, 1, 1) | {"type": "data_table"}], "missing required field: caption"),
    "data table of large pages": (
        [table(2, 1, 1) | {"type": "data_table", "caption": "Nodes", "page_size": 101}],
        "[json-pointer:/blocks/0/page_size]",
    ),
    "header in mrkdwn": ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "plain_text"),
    "button text": ([actions(button(text=plain_text(76)))], "at most 75"),
    "button value": ([actions(button(value="v" * 2001))], "at most 2000"),
    "button style": ([actions(button(style="loud"))], "style"),
    "action_id": ([actions(button(action_id="a" * 256))], "at most 255"),
    "block_id": ([actions(button(), block_id="b" * 256)], "at most 255"),
    "26 elements": ([actions(*[button()] * 26)], "no more than 25"),
    "no elements": ([actions()], "no fewer than 1"),
    "11 in context": ([{"type": "context", "elements": [plain_text(1)] * 11}], "no more than 10"),
    "101 options": ([actions(select(101))], "no more than 100"),
    "option text": ([actions(select(1, text=76))], "at most 75"),
    "option value": ([actions(select(1, value=151))], "at most 150"),
    "confirm title": ([actions(button(confirm=confirm(101, 1, 1)))], "at most 100"),
    "confirm text": ([actions(button(confirm=confirm(1, 301, 1)))], "at most 300"),
    "confirm button": ([actions(button(confirm=confirm(1, 1, 31)))], "at most 30"),
    "duplicate action_id": ([actions(button(action_id="a"), button(action_id="a"))], "`action_id` a already exists"),
    "duplicate block_id": ([section(1, block_id="b"), section(1, block_id="b")], "`block_id` b already exists"),
    "unknown type": ([{"type": "shout"}], "unsupported type: shout"),
    "no type": ([{"text": plain_text(1)}], "missing required field: type"),
    "unknown key": ([section(1, color="red")], "invalid additional property: color"),
    "number for text": ([{"type": "header", "text": {"type": "plain_text", "text": 5}}], "valid string"),
    "markdown together": ([{"type": "markdown", "text": "x" * 6001}] * 2, "markdown"),
    "101 rows": ([table(101, 1)], "no more than 100"),
    "21 columns": ([table(1, 21)], "no more than 20"),
    "table characters": ([table(100, 20, 6)], "10000"),
    "two tables": ([table(1, 1)] * 2, "only one table"),
    "pending outside a plan": ([task(1)], "only allowed inside a plan"),
    "plan title as an object": ([{"type": "plan", "title": plain_text(3), "tasks": []}], "valid string"),
    "task status": ([{"type": "plan", "title": "x", "tasks": [task(1, "done")]}], "status"),
    "task twice": ([{"type": "plan", "title": "x", "tasks": [task(1), task(1)]}], "`task_id` must be unique"),
    "unknown file": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "F0123456789"}}],
        "invalid slack file [json-pointer:/blocks/0/slack_file]",
    ),
    "unknown file as an accessory": (
        [section(1, accessory={"type": "image", "alt_text": "x", "slack_file": {"id": "F0123456789"}})],
        "invalid slack file [json-pointer:/blocks/0/accessory/slack_file]",
    ),
    "invalid file id": (
        [{"type": "image", "alt_text": "x", "slack_file": {"id": "F012"}}],
        "^F[A-Z0-9]{8,}$ [json-pointer:/blocks/0/slack_file/id]",
    ),
    "image with two sources": (
        [{"type": "image", "alt_text": "x", "image_url": "https://x.example", "slack_file": {"id": "F0123456789"}}],
        "exactly one of image_url and slack_file",
    ),
    "image without a source": ([{"type": "image", "alt_text": "x"}], "exactly one of image_url and slack_file"),
    "alert": ([{"type": "alert", "text": plain_text(1)}], "unsupported type: alert"),
}


@pytest.mark.parametrize("name", AT_THE_LIMIT)
def test_blocks_at_the_limit_are_accepted(name: str) -> None:
    """The local Slack is not stricter than Slack: blocks of the maximum size are accepted."""
    check_message_blocks(AT_THE_LIMIT[name], Faults())


@pytest.mark.parametrize("name", OVER_THE_LIMIT)
def test_blocks_over_a_limit_are_refused(name: str) -> None:
    """Blocks one over a limit are refused, and the error names the reason."""
    blocks, reason = OVER_THE_LIMIT[name]
    with pytest.raises(InvalidBlocks) as caught:
        check_message_blocks(blocks, Faults())
    assert reason in "\n".join(caught.value.messages)


def modal(**more: Any) -> dict[str, Any]:
    """Return a modal."""
    return {"type": "modal", "title": plain_text(24), "blocks": [section(1)], **more}


QUESTION = {"type": "input", "label": plain_text(5), "element": {"type": "plain_text_input"}}


@pytest.mark.parametrize(
    "view",
    [
        modal(title=plain_text(25)),
        modal(submit=plain_text(25)),
        modal(close=plain_text(25)),
        modal(private_metadata="x" * 3001),
        modal(blocks=[{"type": "divider"}] * 101),
        modal(blocks=[QUESTION]),
        modal(blocks=[{"type": "plan", "title": "x", "tasks": []}]),
        modal(callback="x"),
        {"type": "home", "blocks": [table(1, 1)]},
        {"type": "home", "blocks": [], "title": plain_text(5)},
        {"type": "page", "blocks": []},
    ],
)
def test_a_view_over_a_limit_is_refused(view: dict[str, Any]) -> None:
    """Titles, metadata, number and types of blocks, and a missing submit button are checked."""
    with pytest.raises(SlackError) as caught:
        check_view(view)
    assert caught.value.code == "invalid_arguments"


def test_views_at_the_limit_are_accepted() -> None:
    """Views with 100 blocks and 3,000 characters of metadata are accepted; 250 KB are refused."""
    check_view(modal(submit=plain_text(24), close=plain_text(24), private_metadata="x" * 3000, blocks=[QUESTION] * 100))
    with pytest.raises(SlackError, match="view_too_large"):
        check_view(modal(blocks=[section(3000)] * 100))


def test_invalid_blocks_return_the_reasons(slack: LocalSlack, client: WebClient) -> None:
    """The error invalid_blocks contains its reasons in response_metadata.messages, and nothing is posted."""
    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel="C0PROD", text="x", blocks=[section(3001)])
    assert caught.value.response["error"] == "invalid_blocks"
    assert "/blocks/0/text" in caught.value.response["response_metadata"]["messages"][0]
    assert slack.messages("prod") == []


def test_a_plan_block_is_shown_and_can_be_refused(slack: LocalSlack, client: WebClient) -> None:
    """slack_sdk's PlanBlock is accepted and shown; with the fault it is invalid_blocks, as in an older workspace."""
    cards = [TaskCardBlock(task_id="1", title="reach host-3", status="complete")]
    cards.append(TaskCardBlock(task_id="2", title="join", status="pending"))
    blocks = [PlanBlock(title="Joining", tasks=cards).to_dict()]
    client.chat_postMessage(channel="C0PROD", text="x", blocks=blocks)
    assert slack.messages("prod")[0].shown == "Joining\n✓ reach host-3\n· join"
    slack.fault("refuse_block", "plan")
    with pytest.raises(SlackApiError, match="unsupported type: plan"):
        client.chat_postMessage(channel="C0PROD", text="x", blocks=blocks)
