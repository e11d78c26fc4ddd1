"""Block Kit's blocks and views with Slack's limits, as pydantic models; ``validate`` asks them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from bot.sandbox.slack.elements import (
    Accessory,
    Id,
    InContext,
    Inputable,
    Part,
    Plain24,
    Plain150,
    Plain2000,
    Pressable,
    SlackFile,
    Text2000,
    Text3000,
    Url,
)


class Block(Part):
    """What every block may carry."""

    block_id: Id | None = None


class Section(Block):
    """Text, fields, or both, with at most one accessory."""

    type: Literal["section"]
    text: Text3000 | None = None
    fields: list[Text2000] | None = Field(default=None, min_length=1, max_length=10)
    accessory: Accessory | None = None
    expand: bool = False

    @model_validator(mode="after")
    def something(self) -> Self:
        """Refuse a section that says nothing."""
        if self.text is None and self.fields is None:
            raise PydanticCustomError("something", "missing required field: text or fields")
        return self


class Header(Block):
    """A large line."""

    type: Literal["header"]
    text: Plain150


class Divider(Block):
    """A line."""

    type: Literal["divider"]


class Context(Block):
    """Small text and pictures."""

    type: Literal["context"]
    elements: list[InContext] = Field(min_length=1, max_length=10)


class Actions(Block):
    """Buttons and menus in a row."""

    type: Literal["actions"]
    elements: list[Pressable] = Field(min_length=1, max_length=25)


class ImageBlock(Block):
    """A picture: exactly one of ``image_url`` and ``slack_file``."""

    type: Literal["image"]
    alt_text: str = Field(min_length=1, max_length=2000)
    image_url: Url | None = None
    slack_file: SlackFile | None = None
    title: Plain2000 | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        """Refuse both sources, and none."""
        if (self.image_url is None) == (self.slack_file is None):
            raise PydanticCustomError("source", "must have exactly one of image_url and slack_file")
        return self


class Input(Block):
    """A labelled question."""

    type: Literal["input"]
    label: Plain2000
    element: Inputable
    hint: Plain2000 | None = None
    optional: bool = False
    dispatch_action: bool = False


class Markdown(Block):
    """Standard markdown; 12,000 characters in all of a message's markdown blocks together."""

    type: Literal["markdown"]
    text: str = Field(min_length=1, max_length=12_000)


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


Anywhere = Section | Header | Divider | Context | Actions | ImageBlock | Input | RichText
InMessage = Annotated[Anywhere | Markdown | Table | TaskCard | Plan, Field(discriminator="type")]
InView = Annotated[Anywhere, Field(discriminator="type")]


class Modal(Part):
    """A modal, with at most 100 blocks."""

    type: Literal["modal"]
    title: Plain24
    blocks: list[InView] = Field(max_length=100)
    submit: Plain24 | None = None
    close: Plain24 | None = None
    private_metadata: str = Field(default="", max_length=3000)
    callback_id: str = Field(default="", max_length=255)
    external_id: str = Field(default="", max_length=255)
    clear_on_close: bool = False
    notify_on_close: bool = False
    submit_disabled: bool = False


class Home(Part):
    """A person's Home tab, with at most 100 blocks."""

    type: Literal["home"]
    blocks: list[InView] = Field(max_length=100)
    private_metadata: str = Field(default="", max_length=3000)
    callback_id: str = Field(default="", max_length=255)
    external_id: str = Field(default="", max_length=255)


Json = dict[str, Any]
