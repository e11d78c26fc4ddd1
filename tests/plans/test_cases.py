"""Every file of tests/plans/cases holds cases of one command: facts and words, and what must come of them.

A file has ``given`` (facts, or ``book``, for all its cases) and ``cases``, by name: ``words``, what differs from
``given`` (hosts are merged one by one; null takes one out), and one of ``plan``, ``answer``, ``refused``,
``not understood`` and ``failed``. In an answer "…" stands for any lines. ``needs`` and ``approval`` are checked where
they are named. A new case is a new entry or a new file, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from pydantic import TypeAdapter

import handlers
from bot.commands import COMMANDS, Command, Vocabulary, find_command, read_arguments, read_sentence
from bot.errors import Failed, NotUnderstood, Refused, SwarmbotError
from bot.jobs.planning import planned
from bot.plan import Facts, plan_from_json
from bot.plan.book import Book
from tests.plans.description import NOW, Description
from tests.plans.showing import show_error, show_message, show_plan

CASES: Final = Path(__file__).parent / "cases"
ENDS: Final[dict[str, type[SwarmbotError]]] = {
    "refused": Refused,
    "not understood": NotUnderstood,
    "failed": Failed,
}
OUTCOMES: Final = {"plan", "answer", *ENDS}
OTHER: Final = {"words", "needs", "approval"}


def _files() -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(CASES.rglob("*.yml")):
        found[str(path.relative_to(CASES).with_suffix(""))] = yaml.safe_load(path.read_text())
    return found


FILES: Final = _files()


def _cases() -> Iterator[Any]:
    for file, content in FILES.items():
        given = content.get("given", {})
        for name, case in content["cases"].items():
            yield pytest.param(given, case, id=f"{file}: {name}")


def _merged(given: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    own = {key: value for key, value in case.items() if key not in OTHER | OUTCOMES}
    merged = {**given, **own}
    if "hosts" in given and "hosts" in own:
        hosts = {**given["hosts"], **own["hosts"]}
        merged["hosts"] = {name: host for name, host in hosts.items() if host is not None}
    return merged


@pytest.mark.parametrize(("given", "case"), [*_cases()])
def test_case(given: dict[str, Any], case: dict[str, Any]) -> None:
    """These facts and these words make this plan, this answer or this refusal, and nothing more."""
    described = _merged(given, case)
    [outcome] = OUTCOMES & case.keys()
    error: SwarmbotError | None = None
    shown: Any = None
    try:
        shown = _run(described, case)
    except SwarmbotError as raised:
        error = raised
    if outcome in ENDS:
        assert error is not None, f"nothing was refused: {shown}"
        assert type(error) is ENDS[outcome]
        assert show_error(error) == case[outcome]
    else:
        assert error is None, f"{type(error).__name__}: {error}"
        assert shown == _filled(case[outcome], shown)


def _filled(expected: Any, shown: Any) -> Any:
    """The expected lines of an answer, with those of ``shown`` where "…" stands for any."""
    if not isinstance(expected, list) or "…" not in expected:
        return expected
    place = expected.index("…")
    after = expected[place + 1 :]
    return [*expected[:place], *shown[place : len(shown) - len(after)], *after]


def _run(described: dict[str, Any], case: Mapping[str, Any]) -> Any:
    sentence = read_sentence(case["words"])
    command = find_command(sentence.name)
    if "book" in described:
        book = TypeAdapter(Book).validate_python({"at": NOW, "workers": 1, **described["book"]})
        arguments = read_arguments(command, sentence.words, Vocabulary(book.cluster, ()))
        _check(command, arguments, case)
        return _record(command, book, arguments)
    facts = Description.model_validate(described).facts()
    arguments = read_arguments(command, sentence.words, Vocabulary(facts.name, tuple(facts.hosts)))
    _check(command, arguments, case)
    return _worker(command, facts, arguments, case)


def _check(command: Command, arguments: Any, case: Mapping[str, Any]) -> None:
    stored = json.loads(json.dumps(asdict(arguments)))
    assert TypeAdapter(command.arguments).validate_python(stored) == arguments, "arguments survive their storage"
    command.look(arguments)
    assert case.get("needs", command.permission(arguments)) == command.permission(arguments)
    assert case.get("approval", command.approval(arguments)) == command.approval(arguments)


def _record(command: Command, book: Book, arguments: Any) -> list[str]:
    if command.control is not None:
        return [repr(command.control(arguments))]
    assert command.record is not None
    return show_message(command.record(book, arguments))


def _worker(command: Command, facts: Facts, arguments: Any, case: Mapping[str, Any]) -> Any:
    if command.is_change(arguments):
        plan = planned(command, facts, arguments, "zone")
        assert plan_from_json(plan.to_json()) == plan, "a plan survives its storage"
        return show_plan(plan, case.get("plan", {}).get("steps", []))
    assert command.answer is not None
    return show_message(command.answer(facts, arguments))


def test_every_command_has_a_case() -> None:
    """A command that nobody wrote a case for is not declared."""
    assert handlers.__all__
    names = {case["words"].partition(" ")[0] for file in FILES.values() for case in file["cases"].values()}
    assert names >= COMMANDS.keys()


@pytest.mark.parametrize(
    "name", ["ca", "demote", "init", "join", "label", "leave", "remove", "token", "unlock-key", "update"]
)
def test_every_option_has_a_case(name: str) -> None:
    """Each flag of a command that changes a cluster is tried."""
    cases = [case["words"] for file in FILES.values() for case in file["cases"].values()]
    tried = {word.partition("=")[0] for words in cases for word in words.split() if words.startswith(name)}
    flags = {parameter.shown for parameter in COMMANDS[name].parameters if parameter.shown.startswith("--")}
    assert flags <= tried
