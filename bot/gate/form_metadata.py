"""The texts that a form was opened with, by name. They come back with it as JSON."""

from __future__ import annotations

import json
from typing import Literal

from bot.errors import NotUnderstood


def other_version(what: Literal["form", "button"] = "form") -> NotUnderstood:
    """Return the error for what this version does not know."""
    return NotUnderstood(f"This {what} is from another version of Swarmbot.", next_step="Run the command again.")


def form_metadata(metadata: str, *names: str) -> dict[str, str]:
    """Return these texts of a form's metadata. Raise NotUnderstood if one is missing: another version opened it."""
    try:
        found = json.loads(metadata)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in names):
        raise other_version()
    return {name: found[name] for name in names}
