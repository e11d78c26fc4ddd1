"""Block Kit's composition objects with Slack's limits: texts, options, confirmations.

Limits: docs.slack.dev/reference/block-kit. Unknown keys are refused, as Slack does.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError


class Part(BaseModel):
    """Anything in blocks: exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Plain(Part):
    """A ``plain_text`` object."""

    type: Literal["plain_text"]
    text: str = Field(min_length=1)
    emoji: bool = True


class Mrkdwn(Part):
    """A ``mrkdwn`` object."""

    type: Literal["mrkdwn"]
    text: str = Field(min_length=1)
    verbatim: bool = False


def text_limit(characters: int) -> AfterValidator:
    """Return a check that a text object holds at most so many characters."""

    def check(value: Plain | Mrkdwn) -> Plain | Mrkdwn:
        if len(value.text) > characters:
            raise PydanticCustomError("text_too_long", "must be at most {limit} characters", {"limit": characters})
        return value

    return AfterValidator(check)


Text = Annotated[Plain | Mrkdwn, Field(discriminator="type")]
Text3000 = Annotated[Text, text_limit(3000)]
Text2000 = Annotated[Text, text_limit(2000)]
Text300 = Annotated[Text, text_limit(300)]
Text75 = Annotated[Text, text_limit(75)]
Plain2000 = Annotated[Plain, text_limit(2000)]
Plain150 = Annotated[Plain, text_limit(150)]
Plain100 = Annotated[Plain, text_limit(100)]
Plain75 = Annotated[Plain, text_limit(75)]
Plain30 = Annotated[Plain, text_limit(30)]
Plain24 = Annotated[Plain, text_limit(24)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=255)]
Url = Annotated[str, StringConstraints(min_length=1, max_length=3000, pattern=r"^https?://")]


class SlackFile(Part):
    """An uploaded picture by its id; by its URL, as Slack takes it too, is refused here."""

    id: str = Field(pattern="^F[A-Z0-9]{8,}$")


class Picture(Part):
    """A picture on the web, or an uploaded PNG, JPEG or GIF."""

    alt_text: str = Field(min_length=1, max_length=2000)
    image_url: Url | None = None
    slack_file: SlackFile | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        """Refuse both sources, and none."""
        if (self.image_url is None) == (self.slack_file is None):
            raise PydanticCustomError("picture", "must have exactly one of image_url and slack_file")
        return self


class Confirm(Part):
    """The question before a press counts."""

    title: Plain100
    text: Text300
    confirm: Plain30
    deny: Plain30
    style: Literal["primary", "danger"] | None = None


class Option(Part):
    """A choice."""

    text: Text75
    value: str = Field(min_length=1, max_length=150)
    description: Plain75 | None = None
    url: Url | None = None


class OptionGroup(Part):
    """Choices under a label."""

    label: Plain75
    options: list[Option] = Field(min_length=1, max_length=100)
