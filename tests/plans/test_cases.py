"""Every file of tests/plans/cases has cases of one command: facts and words, and the expected result.

A file has ``given`` (facts, or ``records``, for all its cases) and ``cases``, by name: ``words``, maybe a
``state`` of states.yml, what differs from both (hosts are merged one by one; null takes one out), and one of
``plan``, ``answer``, ``refused``, ``not understood`` and ``failed``. The titles of each command's plans are in
titles.yml; a plan says only what differs, under ``titles``. In an answer "…" stands for any lines.
``needs`` and ``approval`` are checked where they are named. A new case is a new entry or a new file, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from bot.commands import Command, Vocabulary, Word
from bot.errors import SwarmbotError
from bot.model.records import Records
from bot.stored_json import from_plain
from tests.kits.commands import COMMANDS
from tests.plans.description import Description
from tests.plans.files import GROUPS, cases, described
from tests.plans.outcome import ended, expected, outcome, read_words
from tests.plans.parts import NOW
from tests.plans.showing import show_message


@pytest.mark.parametrize(("given", "case"), [pytest.param(given, case, id=name) for name, given, case in cases()])
def test_case(given: dict[str, Any], case: dict[str, Any]) -> None:
    """These facts and words give exactly this plan, answer or refusal."""
    try:
        came = _run(described(given, case), case)
    except SwarmbotError as error:
        came = ended(error)
    assert came == expected(case, came)


def _run(facts: dict[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    if "own_records" in facts:
        records = from_plain(Records, {"at": NOW, "workers": 1, **facts["own_records"]})
        command, arguments = read_words(case["words"], Vocabulary(records.cluster, (), tuple(COMMANDS)))
        _check(command, arguments, case)
        return {"answer": _record(command, records, arguments)}
    description = Description.model_validate(facts)
    command, arguments = read_words(case["words"], description.vocabulary)
    _check(command, arguments, case)
    return outcome(command, description.facts(command.query(arguments)), arguments, case)


def _check(command: Command, arguments: Any, case: Mapping[str, Any]) -> None:
    stored = json.loads(json.dumps(asdict(arguments)))
    assert from_plain(command.arguments, stored) == arguments, "arguments survive their storage"
    command.query(arguments)
    assert case.get("needs", command.permission(arguments)) == command.permission(arguments)
    assert case.get("approval", command.approval(arguments)) == command.approval(arguments)


def _record(command: Command, records: Records, arguments: Any) -> list[str]:
    if command.control is not None:
        return [repr(command.control(arguments))]
    assert command.record is not None
    return show_message(command.record(records, arguments))


def test_every_command_has_a_case() -> None:
    """Every command has at least one case."""
    assert {_command_of(case) for _, _, case in cases()} >= COMMANDS.keys()


def _command_of(case: Mapping[str, Any]) -> str:
    return str(case["words"]).partition(" ")[0]


PLACES = {"NODE", "HOST", "NODE|all"}
ABOUT_KEYS = {"trust"}
"""Commands about SSH host keys: they do not depend on the host's state in the cluster."""


def _needs_rows(group: str) -> list[str]:
    """Return the commands that need a case for each state of this group (nodes or clusters)."""
    found = []
    for command in COMMANDS.values():
        places = [each for each in command.parameters if isinstance(each.spec, Word) and each.shown in PLACES]
        whole = command.plan is not None and not any(place.required for place in places) and command.group != "Services"
        if (places if group == "nodes" else whole) and command.name not in ABOUT_KEYS:
            found.append(command.name)
    return found


@pytest.mark.parametrize(
    ("name", "group"), [(name, group) for group in ("nodes", "clusters") for name in _needs_rows(group)]
)
def test_every_command_has_a_row_for_each_state(name: str, group: str) -> None:
    """A command that names a node, or changes a whole cluster, has a case for each state."""
    words = {case.get("state", ""): case["words"].split() for _, _, case in cases() if _command_of(case) == name}
    for state, made in GROUPS[group].items():
        assert state in words
        assert made.get("about", name) in words[state], "a row asks about the node that its state is about"


@pytest.mark.parametrize(
    "name",
    ["ca", "demote", "init", "join", "label", "leave", "remove", "token", "unlock-key", "update", "update-service"],
)
def test_every_option_has_a_case(name: str) -> None:
    """Each flag of a command that changes a cluster has a case."""
    words = [case["words"] for _, _, case in cases()]
    tried = {word.partition("=")[0] for typed in words for word in typed.split() if typed.startswith(name)}
    flags = {parameter.shown for parameter in COMMANDS[name].parameters if parameter.shown.startswith("--")}
    assert flags <= tried
