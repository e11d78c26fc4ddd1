"""Checks a message's blocks and views as Slack does, with Slack's error messages and JSON pointers."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from sandbox.slack.base import InvalidBlocks, Json, SlackError
from sandbox.slack.blocks import Home, MessageBlock, Modal
from sandbox.slack.faults import Faults
from sandbox.slack.render import uploaded_images_in

MAX_VIEW_BYTES: Final = 250_000
MAX_MARKDOWN_CHARACTERS: Final = 12_000
MAX_TABLE_CHARACTERS: Final = 10_000

_MESSAGE: TypeAdapter[Any] = TypeAdapter(Annotated[list[MessageBlock], Field(max_length=50)])
_VIEW: TypeAdapter[Any] = TypeAdapter(Annotated[Modal | Home, Field(discriminator="type")])


def check_message_blocks(blocks: Any, faults: Faults, images: Container[str] = ()) -> None:
    """Raise InvalidBlocks if Slack would refuse these blocks, or if a fault refuses a type of block.

    ``images`` are the ids of the files that an image can show.
    """
    problems = list(_schema_problems(_MESSAGE, blocks, "/blocks"))
    if not problems:
        problems = [*_identity_problems(blocks), *_size_problems(blocks), *_task_problems(blocks)]
        problems += _image_problems(blocks, "/blocks", images)
    if problems:
        raise InvalidBlocks(problems)
    refused = [
        f"unsupported type: {block['type']} [json-pointer:/blocks/{number}/type]"
        for number, block in enumerate(blocks)
        if faults.take("refuse_block", block["type"])
    ]
    if refused:
        raise InvalidBlocks(refused, of_fault=True)


def check_view(view: Any, images: Container[str] = ()) -> None:
    """Raise SlackError if Slack would not open, update or publish this view."""
    if len(json.dumps(view)) > MAX_VIEW_BYTES:
        raise SlackError("view_too_large")
    problems = list(_schema_problems(_VIEW, view, "/view")) or list(_identity_problems(view["blocks"]))
    problems = problems or list(_image_problems(view["blocks"], "/view/blocks", images))
    if not problems and view["type"] == "modal" and not view.get("submit") and inputs_of(view["blocks"]):
        problems = ["`submit` is required when a modal has an input [json-pointer:/view]"]
    if problems:
        raise InvalidBlocks(problems, "invalid_arguments")


def inputs_of(blocks: list[Json]) -> list[Json]:
    """Return the input blocks."""
    return [block for block in blocks if block["type"] == "input"]


def elements_of(block: Json) -> list[Json]:
    """Return the interactive elements of a block."""
    found = [block.get("accessory"), block.get("element")]
    if block["type"] == "actions":
        found += block["elements"]
    return [element for element in found if element and element["type"] != "image"]


def _schema_problems(adapter: TypeAdapter[Any], data: Any, root: str) -> Iterator[str]:
    try:
        adapter.validate_python(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            yield f"{_words(detail)} [json-pointer:{root}{_pointer(detail, data)}]"


_WORDS: Final = {
    "missing": "missing required field: {last}",
    "extra_forbidden": "invalid additional property: {last}",
    "union_tag_invalid": "unsupported type: {tag}",
    "union_tag_not_found": "missing required field: type",
    "string_too_long": "must be at most {max_length} characters",
    "string_too_short": "must be at least {min_length} characters",
    "too_long": "no more than {max_length} items allowed",
    "string_pattern_mismatch": "input must match regex pattern: {pattern}",
    "too_short": "no fewer than {min_length} items allowed",
}


def _words(detail: ErrorDetails) -> str:
    words = _WORDS.get(detail["type"], detail["msg"].replace("{", "{{").replace("}", "}}"))
    return words.format(**detail.get("ctx", {}), last=detail["loc"][-1] if detail["loc"] else "")


def _pointer(detail: ErrorDetails, data: Any) -> str:
    """Return the JSON pointer: pydantic's location without the names of union members, which are not in the data."""
    at: Any = data
    parts: list[str] = []
    for part in detail["loc"]:
        if isinstance(part, int) if isinstance(at, list) else isinstance(at, dict) and part in at:
            at = at[part]
            parts.append(f"/{part}")
    return "".join(parts)


def _identity_problems(blocks: list[Json]) -> Iterator[str]:
    block_ids: set[str] = set()
    for number, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in block_ids:
            yield f"`block_id` {block_id} already exists [json-pointer:/blocks/{number}/block_id]"
        block_ids.add(block_id or "")
        actions: set[str] = set()
        for element in elements_of(block):
            action_id = element.get("action_id")
            if action_id is not None and action_id in actions:
                yield f"`action_id` {action_id} already exists [json-pointer:/blocks/{number}]"
            actions.add(action_id or "")


def _image_problems(blocks: list[Json], root: str, images: Container[str]) -> Iterator[str]:
    for pointer, file_id in uploaded_images_in(blocks):
        if file_id not in images:
            yield f"invalid slack file [json-pointer:{root}{pointer}]"


def _size_problems(blocks: list[Json]) -> Iterator[str]:
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MAX_MARKDOWN_CHARACTERS:
        yield f"markdown blocks must be at most {MAX_MARKDOWN_CHARACTERS} characters together [json-pointer:/blocks]"
    tables = [block for block in blocks if block["type"] in {"table", "data_table"}]
    if len(tables) > 1:
        yield "only one table block is allowed [json-pointer:/blocks]"
    for table in tables:
        if sum(len(text) for text in _texts(table["rows"])) > MAX_TABLE_CHARACTERS:
            yield f"a table must be at most {MAX_TABLE_CHARACTERS} characters [json-pointer:/blocks]"


def _task_problems(blocks: list[Json]) -> Iterator[str]:
    for number, block in enumerate(blocks):
        if block["type"] == "task_card" and block["status"] == "pending":
            yield f"pending is only allowed inside a plan [json-pointer:/blocks/{number}/status]"
        if block["type"] == "plan":
            ids = [task["task_id"] for task in block.get("tasks") or []]
            if len(set(ids)) < len(ids):
                yield f"`task_id` must be unique [json-pointer:/blocks/{number}/tasks]"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "text" and isinstance(item, str):
                yield item
            else:
                yield from _texts(item)
