"""The base of the models of swarmbot.yml, and validators that they share."""

from __future__ import annotations

import re
from typing import Final

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

PLAIN: Final = "plain_text"
"""The type of validation errors whose text is already meant for people."""


class Model(BaseModel):
    """A set of keys; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def wrong(text: str) -> PydanticCustomError:
    """Return a validation error with ``text``, which has no full stop."""
    return PydanticCustomError(PLAIN, "{text}", {"text": text})


def matching(pattern: str, wanted: str) -> AfterValidator:
    """Require text that matches ``pattern`` completely; ``wanted`` says what it must be."""
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise wrong(wanted)
        return text

    return AfterValidator(check)


def between(minimum: int, maximum: int) -> AfterValidator:
    """Require a number from ``minimum`` to ``maximum``."""

    def check(number: int) -> int:
        if not minimum <= number <= maximum:
            raise wrong(f"must be from {minimum} to {maximum}")
        return number

    return AfterValidator(check)
