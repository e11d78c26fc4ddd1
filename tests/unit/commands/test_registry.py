"""The registry has every command that a handler declares, once, and suggests the nearest name for a wrong one."""

from __future__ import annotations

import importlib
import pkgutil
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

import handlers
from bot.commands import GROUPS, Command, CommandRegistry
from bot.commands.command import NEVER_SUGGESTED
from bot.errors import NotUnderstood
from tests.kits.commands import COMMANDS


def test_every_declared_command_is_in_the_registry() -> None:
    """A command that a file of handlers/ declares and the registry does not list could never be typed."""
    modules = [importlib.import_module(f"handlers.{module.name}") for module in pkgutil.iter_modules(handlers.__path__)]
    declared = [value for module in modules for value in vars(module).values() if isinstance(value, Command)]
    assert {command.name for command in declared} == COMMANDS.keys() - {"help", "whoami"}
    assert {"init", "join", "status", "help"} <= COMMANDS.keys()


def test_two_commands_do_not_share_a_name() -> None:
    """The second one would silently take the permission of the first."""
    with pytest.raises(ValueError, match="status"):
        CommandRegistry([COMMANDS["status"], COMMANDS["status"]])


def test_commands_are_in_the_order_of_help() -> None:
    """Groups come in their order, and in a group the most needed command comes first."""
    assert [group for group, _ in COMMANDS.groups()] == list(GROUPS)
    assert [command.name for _, members in COMMANDS.groups() for command in members] == list(COMMANDS)
    assert next(iter(COMMANDS)) == "status"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_name_leads_to_its_command(name: str) -> None:
    """A command is found by its name, and one letter too many is answered with it and its usage.

    One that may cost the quorum, services or images is not: it is never suggested.
    """
    assert COMMANDS.find(name) is COMMANDS[name]
    with pytest.raises(NotUnderstood) as caught:
        COMMANDS.find(name + "q")
    harmless = COMMANDS[name].risk not in NEVER_SUGGESTED
    assert (f"/swarm {name}`" in caught.value.happened) is harmless


@given(
    st.sampled_from(["resume", "restart", "reset", "move", "recreate", "leaf", "undeplo", "purge", "prun"])
    | st.text(string.ascii_lowercase, max_size=9)
)
def test_nothing_that_removes_is_suggested(name: str) -> None:
    """For any text, no spelling leads to `remove`, `undeploy`, `prune`, `leave`, `demote` or `restore`."""
    if name in COMMANDS:
        return
    with pytest.raises(NotUnderstood) as caught:
        COMMANDS.find(name)
    suggested = re.findall(r"/swarm ([a-z-]+)", caught.value.happened + caught.value.next_step)
    assert all(COMMANDS[each].risk not in NEVER_SUGGESTED for each in suggested)
