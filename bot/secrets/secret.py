"""The type of secret values: join tokens, unlock keys, Slack tokens."""

from __future__ import annotations

from typing import Final, NoReturn

MASK: Final = "***"
TYPED_SECRET_TTL_S: Final = 900
"""How long a typed secret is stored, encrypted, for its job, which may wait for approval."""


class Secret:
    """Text that prints as ``***`` when it is formatted, logged or raised.

    ``reveal`` is the only way to the text, so a search for its calls finds every use of a secret. It cannot be pickled
    or written as JSON.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self.__text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __bool__(self) -> bool:
        return bool(self.__text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.reveal() == other.reveal()

    def __hash__(self) -> int:
        return hash((Secret, self.__text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")
