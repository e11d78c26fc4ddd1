"""Block Kit's elements with Slack's limits: buttons, menus, pickers, inputs, pictures.

Not known here, and so refused: external selects, file inputs, workflow and feedback buttons.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from sandbox.slack.objects import (
    Confirm,
    Id,
    Mrkdwn,
    Option,
    OptionGroup,
    Part,
    Picture,
    Plain,
    Plain75,
    Plain150,
    Url,
)


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


class Image(Picture):
    """A picture beside text."""

    type: Literal["image"]


Interactive = Button | Overflow | Select | Picker | Moment | Choices
Pressable = Annotated[Interactive, Field(discriminator="type")]
Accessory = Annotated[Interactive | Image, Field(discriminator="type")]
Inputable = Annotated[Select | Picker | Moment | Choices | TextInput, Field(discriminator="type")]
InContext = Annotated[Plain | Mrkdwn | Image, Field(discriminator="type")]
