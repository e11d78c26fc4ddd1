"""Block Kit's blocks that hold structure: rich text, tables, and the steps of a plan. Slack's limits, as models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sandbox.slack.objects import Id, Part, Url


class Block(Part):
    """What every block may carry."""

    block_id: Id | None = None


class RichLeaf(Part):
    """A run of rich text."""

    type: Literal["text", "link", "user", "channel", "usergroup", "emoji", "date", "broadcast", "color"]
    text: str | None = Field(default=None, min_length=1)
    url: str | None = None
    user_id: str | None = None
    channel_id: str | None = None
    usergroup_id: str | None = None
    name: str | None = None
    unicode: str | None = None
    timestamp: int | None = None
    format: str | None = None
    fallback: str | None = None
    range: str | None = None
    value: str | None = None
    style: dict[str, bool] | None = None


class RichRun(Part):
    """A paragraph, a quotation or code."""

    type: Literal["rich_text_section", "rich_text_preformatted", "rich_text_quote"]
    elements: list[RichLeaf]
    border: int | None = None
    language: str | None = None


class RichList(Part):
    """A list of paragraphs."""

    type: Literal["rich_text_list"]
    elements: list[RichRun]
    style: Literal["bullet", "ordered"]
    indent: int | None = None
    offset: int | None = None
    border: int | None = None


class RichText(Block):
    """Formatted text as data."""

    type: Literal["rich_text"]
    elements: list[Annotated[RichRun | RichList, Field(discriminator="type")]]


class RawCell(Part):
    """A table's cell of plain text; ``raw_number`` is refused: renderers are known to crash on it."""

    type: Literal["raw_text"]
    text: str = Field(min_length=1)


class ColumnSetting(Part):
    """How a column is drawn."""

    align: Literal["left", "center", "right"] | None = None
    is_wrapped: bool | None = None


Row = Annotated[list[Annotated[RawCell | RichText, Field(discriminator="type")]], Field(min_length=1, max_length=20)]


class Table(Block):
    """Rows of cells."""

    type: Literal["table"]
    rows: list[Row] = Field(min_length=1, max_length=100)
    column_settings: list[ColumnSetting | None] | None = Field(default=None, max_length=20)


class UrlSource(Part):
    """Where a task's output came from."""

    type: Literal["url"]
    url: Url
    text: str


class TaskCard(Block):
    """A step; ``pending`` only inside a plan."""

    type: Literal["task_card"]
    task_id: Id
    title: str = Field(min_length=1)
    status: Literal["pending", "in_progress", "complete", "error"]
    details: RichText | None = None
    output: RichText | None = None
    sources: list[UrlSource] | None = None


class Plan(Block):
    """Steps under a title (a bare string)."""

    type: Literal["plan"]
    title: str = Field(min_length=1)
    tasks: list[TaskCard] | None = None
