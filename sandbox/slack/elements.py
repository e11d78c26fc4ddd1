"""Block Kit's composition objects and elements with Slack's limits: texts, options, buttons, menus, inputs, images.

Limits: docs.slack.dev/reference/block-kit. Unknown keys are refused, as Slack does. Not supported, and therefore
refused: external selects, file inputs, workflow and feedback buttons.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError


class StrictModel(BaseModel):
    """Base of all models: exact types, no unknown keys."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Plain(StrictModel):
    """A ``plain_text`` object."""

    type: Literal["plain_text"]
    text: str = Field(min_length=1)
    emoji: bool = True


class Mrkdwn(StrictModel):
    """A ``mrkdwn`` object."""

    type: Literal["mrkdwn"]
    text: str = Field(min_length=1)
    verbatim: bool = False


def text_limit(characters: int) -> AfterValidator:
    """Return a validator for text objects of at most this many characters."""

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


class SlackFile(StrictModel):
    """An uploaded image by its id. Slack also accepts its URL; this is refused here."""

    id: str = Field(pattern="^F[A-Z0-9]{8,}$")


class ImageSource(StrictModel):
    """An image by its URL, or an uploaded PNG, JPEG or GIF."""

    alt_text: str = Field(min_length=1, max_length=2000)
    image_url: Url | None = None
    slack_file: SlackFile | None = None

    @model_validator(mode="after")
    def one_source(self) -> Self:
        """Raise an error unless there is exactly one source."""
        if (self.image_url is None) == (self.slack_file is None):
            raise PydanticCustomError("image", "must have exactly one of image_url and slack_file")
        return self


class Confirm(StrictModel):
    """A confirmation dialog before an action."""

    title: Plain100
    text: Text300
    confirm: Plain30
    deny: Plain30
    style: Literal["primary", "danger"] | None = None


class Option(StrictModel):
    """An option of a menu."""

    text: Text75
    value: str = Field(min_length=1, max_length=150)
    description: Plain75 | None = None
    url: Url | None = None


class OptionGroup(StrictModel):
    """Options under a label."""

    label: Plain75
    options: list[Option] = Field(min_length=1, max_length=100)


class Element(StrictModel):
    """The common fields of interactive elements."""

    action_id: Id | None = None
    confirm: Confirm | None = None
    focus_on_load: bool = False


class Button(StrictModel):
    """A button."""

    type: Literal["button"]
    text: Plain75
    action_id: Id | None = None
    url: Url | None = None
    value: str | None = Field(default=None, max_length=2000)
    style: Literal["primary", "danger"] | None = None
    confirm: Confirm | None = None
    accessibility_label: str | None = Field(default=None, max_length=75)


class Overflow(StrictModel):
    """An overflow menu."""

    type: Literal["overflow"]
    action_id: Id | None = None
    options: list[Option] = Field(min_length=1, max_length=5)
    confirm: Confirm | None = None


class Select(Element):
    """A select menu with either ``options`` or ``option_groups``."""

    type: Literal["static_select", "multi_static_select"]
    placeholder: Plain150 | None = None
    options: list[Option] | None = Field(default=None, min_length=1, max_length=100)
    option_groups: list[OptionGroup] | None = Field(default=None, min_length=1, max_length=100)
    initial_option: Option | None = None
    initial_options: list[Option] | None = Field(default=None, min_length=1, max_length=100)
    max_selected_items: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def one_kind_of_options(self) -> Self:
        """Raise an error unless there is exactly one kind of options."""
        if (self.options is None) == (self.option_groups is None):
            raise PydanticCustomError("options", "must have exactly one of options and option_groups")
        return self


class Picker(Element):
    """A select menu of people, channels or conversations."""

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


class DateTimePicker(Element):
    """A picker for a date, a time, or both."""

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


class DispatchOn(StrictModel):
    """When an input sends an action to the app."""

    trigger_actions_on: list[Literal["on_enter_pressed", "on_character_entered"]] = Field(min_length=1)


class TextInput(StrictModel):
    """A text input."""

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


class Image(ImageSource):
    """An image element."""

    type: Literal["image"]


InteractiveElement = Button | Overflow | Select | Picker | DateTimePicker | Choices
ActionElement = Annotated[InteractiveElement, Field(discriminator="type")]
AccessoryElement = Annotated[InteractiveElement | Image, Field(discriminator="type")]
InputElement = Annotated[Select | Picker | DateTimePicker | Choices | TextInput, Field(discriminator="type")]
ContextElement = Annotated[Plain | Mrkdwn | Image, Field(discriminator="type")]
