"""Encrypted JSON of frozen dataclasses that may hold secrets, as Redis keeps it."""

from __future__ import annotations

from typing import TypeVar

from bot.secrets.secret import Secret
from bot.secrets.vault import Vault, WrongKey
from bot.stored_json import from_json, to_json

T = TypeVar("T")


def seal_json(key: Secret, purpose: str, value: object) -> str:
    """Encrypt ``value`` with ``key`` (SWARMBOT_SECRET_KEY) for ``purpose``."""
    return Vault(key).seal(purpose, Secret(to_json(value)))


def open_json(kind: type[T], key: Secret | None, purpose: str, sealed: str | None) -> T | None:
    """Decrypt what :func:`seal_json` wrote; None if nothing was kept, or if it has another key or purpose."""
    if key is None or sealed is None:
        return None
    try:
        return from_json(kind, Vault(key).open(purpose, sealed).reveal())
    except WrongKey:
        return None
