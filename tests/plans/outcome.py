"""Runs a command on facts, and writes the result as cases do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.commands import Command, Vocabulary, meant_command, read_arguments, read_options, read_sentence
from bot.errors import Failed, NotUnderstood, Refused, SwarmbotError
from bot.execution.planning import planned
from bot.model import Facts, Plan
from bot.stored_json import from_json, to_json
from tests.kits.commands import COMMANDS
from tests.plans.files import OUTCOMES, TITLES
from tests.plans.showing import show_error, show_message, show_plan

NAMES: Mapping[type[SwarmbotError], str] = {Refused: "refused", NotUnderstood: "not understood", Failed: "failed"}


def read_words(words: str, vocabulary: Vocabulary) -> tuple[Command, Any]:
    """Return the command and its arguments. Raises NotUnderstood as for people."""
    sentence = read_sentence(words)
    command = meant_command(COMMANDS, sentence, vocabulary)
    _, own_words = read_options(command, sentence.words)
    return command, read_arguments(command, own_words, vocabulary)


def ended(error: SwarmbotError) -> dict[str, Any]:
    """Return a refusal or a failure as a case writes it."""
    return {next(name for kind, name in NAMES.items() if isinstance(error, kind)): show_error(error)}


def outcome(command: Command, facts: Facts, arguments: Any, case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan, the answer or the error; of a plan's steps only the fields that ``case`` names."""
    try:
        if not command.is_change(arguments):
            assert command.answer is not None
            return {"answer": show_message(command.answer(facts, arguments))}
        plan = planned(command, facts, arguments, "zone")
    except SwarmbotError as error:
        return ended(error)
    assert from_json(Plan, to_json(plan)) == plan, "a plan survives its storage"
    return {"plan": show_plan(plan, case.get("plan", {}).get("steps", []))}


def expected(case: Mapping[str, Any], came: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the case expects: a plan with its titles, an answer with any lines of ``came`` in place of "…"."""
    [kind] = OUTCOMES & case.keys()
    told = case[kind]
    if kind == "plan":
        told = {**told, "titles": titles_of(case["words"], told.get("titles", {}))}
    if isinstance(told, list) and "…" in told and isinstance(shown := came.get(kind), list):
        place = told.index("…")
        after = told[place + 1 :]
        told = [*told[:place], *shown[place : len(shown) - len(after)], *after]
    return {kind: told}


def titles_of(words: str, differing: Mapping[Any, Any]) -> dict[str, str]:
    """Return the titles of the plan for ``words``, as titles.yml has them; ``differing`` is what a case says itself."""
    entry = max((entry for entry in TITLES if f"{words} ".startswith(f"{entry} ")), key=len, default="")
    following = words.removeprefix(entry).partition(" --")[0].split()
    given = {"like": entry, "n": len(following), **dict(enumerate(following, 1)), **differing}
    filled = {str(name): str(value) for name, value in given.items()} | {"s": "" if given["n"] == 1 else "s"}
    titles = TITLES[given["like"]].items()
    return {name: filled.get(name) or re.sub("<(.)>", lambda found: filled[found[1]], text) for name, text in titles}
