"""Block Kit's blocks and views with Slack's limits, as pydantic models; ``validate`` asks them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from sandbox.slack.elements import Accessory, InContext, Inputable, Pressable
from sandbox.slack.objects import Part, Picture, Plain24, Plain150, Plain2000, Text2000, Text3000
from sandbox.slack.structured import Block, Plan, RichText, Table, TaskCard


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


class ImageBlock(Picture, Block):
    """A picture with a title."""

    type: Literal["image"]
    title: Plain2000 | None = None


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
