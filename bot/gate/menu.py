"""What `/swarm` without words shows: the usual commands as buttons. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.blocks import Message, actions, context, section
from bot.commands.menu_commands import ACROSS, FORMS, QUESTIONS, command_button

ROWS: Final = (
    (*QUESTIONS, ("Approvals", "approvals"), ("Jobs", "jobs")),
    (*FORMS, ("Silence incidents…", "silence"), ("Freeze changes…", "freeze"), ("Create a cluster…", "init")),
)


def menu(cluster: str, may_run: Callable[[str], bool]) -> Message:
    """Return the menu of the commands that a person may run.

    ``cluster`` is the one of the channel, "" if commands must still choose one.
    """
    title = f"*Swarmbot for {cluster}*" if cluster else "*Swarmbot*"
    offered = [[(label, words) for label, words in row if may_run(words)] for row in ROWS]
    return Message(
        title.replace("*", ""),
        (
            section(title),
            *(actions(*(command_button(*each) for each in row)) for row in (*offered, ACROSS) if row),
            context("Or type a command: `/swarm status`. `/swarm help` lists all of them."),
        ),
    )
