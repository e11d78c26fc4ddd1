"""The commands that stand as buttons in the menu and in Home: each with its label and its words."""

from __future__ import annotations

from typing import Any, Final

from bot.blocks import button
from bot.commands.command import RUN_COMMAND

QUESTIONS: Final = (
    ("Status", "status"),
    ("Map", "map"),
    ("Nodes", "nodes"),
    ("Services", "services"),
    ("Incidents", "incidents"),
)
FORMS: Final = (("Add hosts…", "join"), ("Deploy a stack…", "deploy"))
"""Without arguments these open a form."""
ACROSS: Final = (("Help", "help"), ("My permissions", "whoami"))
"""Commands that are about no cluster."""


def command_button(label: str, words: str) -> dict[str, Any]:
    """Return a button that runs the command as the person who presses it."""
    return button(label, RUN_COMMAND, words)
