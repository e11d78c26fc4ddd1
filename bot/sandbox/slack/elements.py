"""Block Kit's smaller parts with Slack's limits: texts, options, confirmations, buttons, selects, inputs.

Limits: the table of shared/facts/slack.md and docs.slack.dev/reference/block-kit. Unknown keys are refused, as Slack
does. Not known here, and so refused: external selects, file inputs, workflow and feedback buttons.
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


class Element(Part):
    """What every interactive element may carry."""

    action_id: Id | None = None
    confirm: Confirm | None = None
    focus_on_load: bool = False


class Button(Part):
    """A button."""

    type: Literal["button"]
    text: Plain75
    action_id: Id | None = None
    url: Url | None = None
    value: str | None = Field(default=None, max_length=2000)
    style: Literal["primary", "danger"] | None = None
    confirm: Confirm | None = None
    accessibility_label: str | None = Field(default=None, max_length=75)


class Overflow(Part):
    """The three dots."""

    type: Literal["overflow"]
    action_id: Id | None = None
    options: list[Option] = Field(min_length=1, max_length=5)
    confirm: Confirm | None = None


class Select(Element):
    """A menu of choices: either ``options`` or ``option_groups``."""

    type: Literal["static_select", "multi_static_select"]
    placeholder: Plain150 | None = None
    options: list[Option] | None = Field(default=None, min_length=1, max_length=100)
    option_groups: list[OptionGroup] | None = Field(default=None, min_length=1, max_length=100)
    initial_option: Option | None = None
    initial_options: list[Option] | None = Field(default=None, min_length=1, max_length=100)
    max_selected_items: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def one_kind_of_options(self) -> Self:
        """Refuse both kinds of options, and none."""
        if (self.options is None) == (self.option_groups is None):
            raise PydanticCustomError("options", "must have exactly one of options and option_groups")
        return self


class Picker(Element):
    """A menu of people, channels or conversations."""

    type: Literal[
        "users_select",
        "multi_users_select",
        "channels_select",
        "multi_channels_select",
        "conversations_select",
        "multi_conversations_select",
    ]
    placeholder: Plain150 | None = None
    initial_user: str | None = None
    initial_users: list[str] | None = None
    initial_channel: str | None = None
    initial_channels: list[str] | None = None
    initial_conversation: str | None = None
    initial_conversations: list[str] | None = None
    default_to_current_conversation: bool = False
    response_url_enabled: bool = False
    max_selected_items: int | None = Field(default=None, ge=1)


class Moment(Element):
    """A date, a time, or both."""

    type: Literal["datepicker", "timepicker", "datetimepicker"]
    placeholder: Plain150 | None = None
    initial_date: str | None = Field(default=None, pattern=r"^\d{4}-\d\d-\d\d$")
    initial_time: str | None = Field(default=None, pattern=r"^\d\d:\d\d$")
    initial_date_time: int | None = None
    timezone: str | None = None


class Choices(Element):
    """Checkboxes or radio buttons."""

    type: Literal["checkboxes", "radio_buttons"]
    options: list[Option] = Field(min_length=1, max_length=10)
    initial_option: Option | None = None
    initial_options: list[Option] | None = Field(default=None, min_length=1, max_length=10)


class DispatchOn(Part):
    """When an input tells the app."""

    trigger_actions_on: list[Literal["on_enter_pressed", "on_character_entered"]] = Field(min_length=1)


class TextInput(Part):
    """A line or more of typed text, in a modal or an input block."""

    type: Literal["plain_text_input", "email_text_input", "url_text_input", "number_input"]
    action_id: Id | None = None
    placeholder: Plain150 | None = None
    initial_value: str | None = None
    multiline: bool = False
    min_length: int | None = Field(default=None, ge=0, le=3000)
    max_length: int | None = Field(default=None, ge=1, le=3000)
    min_value: str | None = None
    max_value: str | None = None
    is_decimal_allowed: bool = False
    dispatch_action_config: DispatchOn | None = None
    focus_on_load: bool = False


class SlackFile(Part):
    """An uploaded file by its id."""

    id: str | None = Field(default=None, pattern=r"^F[A-Z0-9]{8,}$")
    url: Url | None = None


class Image(Part):
    """A picture beside text."""

    type: Literal["image"]
    alt_text: str = Field(min_length=1, max_length=2000)
    image_url: Url | None = None
    slack_file: SlackFile | None = None


Interactive = Button | Overflow | Select | Picker | Moment | Choices
Pressable = Annotated[Interactive, Field(discriminator="type")]
Accessory = Annotated[Interactive | Image, Field(discriminator="type")]
Inputable = Annotated[Select | Picker | Moment | Choices | TextInput, Field(discriminator="type")]
InContext = Annotated[Plain | Mrkdwn | Image, Field(discriminator="type")]
