"""The commands of Swarmbot, for tests that look one up."""

from __future__ import annotations

from typing import Any, Final

from bot.blocks import Message
from bot.commands import Command
from bot.model import Facts, Plan
from bot.model.records import Records
from handlers import registry

COMMANDS: Final = registry()


def plan_of(command: Command, facts: Facts, arguments: Any) -> Plan:
    """Return the plan of a command that changes a cluster."""
    assert command.plan is not None
    return command.plan(facts, arguments)


def record_answer(command: Command, records: Records, arguments: Any) -> Message:
    """Return the answer of a question to Swarmbot's own records."""
    assert command.record is not None
    return command.record(records, arguments)
