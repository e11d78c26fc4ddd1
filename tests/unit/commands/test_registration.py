"""A command that is declared wrongly stops the process at import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from bot.blocks import Message
from bot.commands import CancelJob, Flag, Word, change, control, question, record, text
from bot.model import Facts, Plan, PlanTitles
from bot.model.records import Records


@dataclass(frozen=True, slots=True)
class Good:
    """Words that are described."""

    name: Annotated[str, Word(text("NAME"), "a name")]
    quick: Annotated[bool, Flag(None, "at once")] = False


@dataclass(frozen=True, slots=True)
class Undescribed:
    """A field that nothing describes."""

    name: str


FATE: dict[str, Any] = {
    "group": "Look",
    "help": "h",
    "example": "zz",
    "permission": "view",
    "risk": "none",
    "approval": 0,
}


def answer(_: Facts, arguments: Good) -> Message:
    """Answer nothing."""
    return Message(arguments.name)


def bare(_: Facts, arguments: Undescribed) -> Message:
    """Answer nothing."""
    return Message(arguments.name)


def plan(_: Facts, arguments: Good) -> Plan:
    """Plan nothing."""
    return Plan(PlanTitles(present=arguments.name))


def told(_: Records, arguments: Good) -> Message:
    """Tell nothing."""
    return Message(arguments.name)


def stop(arguments: Good) -> CancelJob:
    """Stop nothing."""
    return CancelJob(arguments.name)


@pytest.mark.parametrize(("declare", "function"), [(change, plan), (question, answer), (record, told), (control, stop)])
def test_what_decides_a_fate_has_no_default(declare: Any, function: Any) -> None:
    """A command without its group, permission, risk or approval cannot be declared; with them it can."""
    for missing in ("group", "permission", "risk", "approval"):
        with pytest.raises(TypeError, match=missing):
            declare("zz", **{name: value for name, value in FATE.items() if name != missing})(function)
    assert declare("zz", **FATE)(function).arguments is Good


def test_every_argument_is_a_word_or_a_flag() -> None:
    """A field that no Word and no Flag describes could never be typed."""
    with pytest.raises(TypeError, match=r"Undescribed\.name"):
        question("zz", **FATE)(bare)


def test_rules_may_depend_on_the_arguments() -> None:
    """Permission and approval are asked of the arguments, whether they were given as a value or as a function."""
    fate = {**FATE, "permission": lambda good: "administer" if good.quick else "view"}
    command = question("zz", **fate)(answer)
    assert command.permission(Good("a", quick=True)) == "administer"
    assert command.permission(Good("a")) == "view"
    assert command.approval(Good("a")) == 0
