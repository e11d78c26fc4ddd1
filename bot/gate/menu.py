"""What `/swarm` without words shows: the usual commands as buttons. Pure."""

from __future__ import annotations

from typing import Final

from bot.blocks import Message, actions, button, context, section
from bot.commands import RUN_COMMAND

LOOK: Final = (
    ("Status", "status"),
    ("Map", "map"),
    ("Nodes", "nodes"),
    ("Services", "services"),
    ("Incidents", "incidents"),
    ("Approvals", "approvals"),
    ("Jobs", "jobs"),
)
CHANGE: Final = (
    ("Add hosts…", "join"),
    ("Deploy a stack…", "deploy"),
    ("Silence incidents…", "silence"),
    ("Freeze changes…", "freeze"),
    ("Create a cluster…", "init"),
)
"""These open a form."""
HELP: Final = (("Help", "help"), ("My permissions", "whoami"))


def menu(cluster: str) -> Message:
    """Return the menu; ``cluster`` is the one of the channel, "" if commands must still choose one."""
    title = f"*Swarmbot for {cluster}*" if cluster else "*Swarmbot*"
    return Message(
        title.replace("*", ""),
        (
            section(title),
            actions(*(button(label, RUN_COMMAND, words) for label, words in LOOK)),
            actions(*(button(label, RUN_COMMAND, words) for label, words in CHANGE)),
            actions(*(button(label, RUN_COMMAND, words) for label, words in HELP)),
            context("Or type a command: `/swarm status`. `/swarm help` lists all of them."),
        ),
    )
