"""What the shapes of swarmbot.yml are made from."""

from __future__ import annotations

import re
from typing import Final

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

PLAIN: Final = "in plain words"
"""The type of the validation errors that are already worded for a person."""


class Model(BaseModel):
    """A set of keys; others than its own are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def wrong(text: str) -> PydanticCustomError:
    """An error with the words of ``text``, without a full stop."""
    return PydanticCustomError(PLAIN, "{text}", {"text": text})


def matching(pattern: str, wanted: str) -> AfterValidator:
    """Text that is ``pattern`` as a whole; ``wanted`` says what it must be."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise wrong(wanted)
        return text

    return AfterValidator(check)


def between(least: int, most: int) -> AfterValidator:
    """A number from ``least`` to ``most``."""

    def check(number: int) -> int:
        if not least <= number <= most:
            raise wrong(f"must be from {least} to {most}")
        return number

    return AfterValidator(check)
