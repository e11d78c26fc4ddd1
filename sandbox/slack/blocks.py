"""Block Kit's blocks and views with Slack's limits, as pydantic models for validate.py."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from sandbox.slack.elements import (
    AccessoryElement,
    ActionElement,
    ContextElement,
    Id,
    ImageSource,
    InputElement,
    Plain24,
    Plain150,
    Plain2000,
    StrictModel,
    Text2000,
    Text3000,
    Url,
)


class Block(StrictModel):
    """The common field of blocks."""

    block_id: Id | None = None


class RichLeaf(StrictModel):
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


class RichRun(StrictModel):
    """A section, quote or preformatted text."""

    type: Literal["rich_text_section", "rich_text_preformatted", "rich_text_quote"]
    elements: list[RichLeaf]
    border: int | None = None
    language: str | None = None


class RichList(StrictModel):
    """A list of sections."""

    type: Literal["rich_text_list"]
    elements: list[RichRun]
    style: Literal["bullet", "ordered"]
    indent: int | None = None
    offset: int | None = None
    border: int | None = None


class RichText(Block):
    """A rich text block."""

    type: Literal["rich_text"]
    elements: list[Annotated[RichRun | RichList, Field(discriminator="type")]]


class RawCell(StrictModel):
    """A table cell of plain text. ``raw_number`` is refused: some renderers crash on it."""

    type: Literal["raw_text"]
    text: str = Field(min_length=1)


class ColumnSetting(StrictModel):
    """The settings of a table column."""

    align: Literal["left", "center", "right"] | None = None
    is_wrapped: bool | None = None


Row = Annotated[list[Annotated[RawCell | RichText, Field(discriminator="type")]], Field(min_length=1, max_length=20)]


class Table(Block):
    """A table block."""

    type: Literal["table"]
    rows: list[Row] = Field(min_length=1, max_length=100)
    column_settings: list[ColumnSetting | None] | None = Field(default=None, max_length=20)


class DataTable(Block):
    """A table that readers sort, filter and page; it has at least a header row and one more."""

    type: Literal["data_table"]
    caption: str = Field(min_length=1)
    rows: list[Row] = Field(min_length=2, max_length=101)
    page_size: int | None = Field(default=None, ge=1, le=100)
    row_header_column_index: int | None = Field(default=None, ge=0, lt=20)


class UrlSource(StrictModel):
    """A source of a task's output."""

    type: Literal["url"]
    url: Url
    text: str


class TaskCard(Block):
    """A task card; the status ``pending`` is only allowed inside a plan."""

    type: Literal["task_card"]
    task_id: Id
    title: str = Field(min_length=1)
    status: Literal["pending", "in_progress", "complete", "error"]
    details: RichText | None = None
    output: RichText | None = None
    sources: list[UrlSource] | None = None


class Plan(Block):
    """Task cards under a title."""

    type: Literal["plan"]
    title: str = Field(min_length=1)
    tasks: list[TaskCard] | None = None


class Section(Block):
    """A section with text, fields or both, and at most one accessory."""

    type: Literal["section"]
    text: Text3000 | None = None
    fields: list[Text2000] | None = Field(default=None, min_length=1, max_length=10)
    accessory: AccessoryElement | None = None
    expand: bool = False

    @model_validator(mode="after")
    def something(self) -> Self:
        """Raise an error if the section has neither text nor fields."""
        if self.text is None and self.fields is None:
            raise PydanticCustomError("something", "missing required field: text or fields")
        return self


class Header(Block):
    """A header block."""

    type: Literal["header"]
    text: Plain150


class Divider(Block):
    """A divider block."""

    type: Literal["divider"]


class Context(Block):
    """Small text and images."""

    type: Literal["context"]
    elements: list[ContextElement] = Field(min_length=1, max_length=10)


class Actions(Block):
    """Interactive elements in a row."""

    type: Literal["actions"]
    elements: list[ActionElement] = Field(min_length=1, max_length=25)


class ImageBlock(ImageSource, Block):
    """An image block."""

    type: Literal["image"]
    title: Plain2000 | None = None


class Input(Block):
    """An input with a label."""

    type: Literal["input"]
    label: Plain2000
    element: InputElement
    hint: Plain2000 | None = None
    optional: bool = False
    dispatch_action: bool = False


class Markdown(Block):
    """Standard Markdown; all of a message's markdown blocks together have at most 12,000 characters."""

    type: Literal["markdown"]
    text: str = Field(min_length=1, max_length=12_000)


AnyBlock = Section | Header | Divider | Context | Actions | ImageBlock | Input | RichText
MessageBlock = Annotated[AnyBlock | Markdown | Table | DataTable | TaskCard | Plan, Field(discriminator="type")]
ViewBlock = Annotated[AnyBlock, Field(discriminator="type")]


class Modal(StrictModel):
    """A modal of at most 100 blocks."""

    type: Literal["modal"]
    title: Plain24
    blocks: list[ViewBlock] = Field(max_length=100)
    submit: Plain24 | None = None
    close: Plain24 | None = None
    private_metadata: str = Field(default="", max_length=3000)
    callback_id: str = Field(default="", max_length=255)
    external_id: str = Field(default="", max_length=255)
    clear_on_close: bool = False
    notify_on_close: bool = False
    submit_disabled: bool = False


class Home(StrictModel):
    """A Home tab of at most 100 blocks."""

    type: Literal["home"]
    blocks: list[ViewBlock] = Field(max_length=100)
    private_metadata: str = Field(default="", max_length=3000)
    callback_id: str = Field(default="", max_length=255)
    external_id: str = Field(default="", max_length=255)
