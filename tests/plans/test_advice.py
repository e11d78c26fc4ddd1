"""What people are advised works when they type it: every command in the cases' answers, refusals and plans is tried.

Advice for the state as it is must lead to a plan or an answer. Advice for another state ("if …", "then …", "once …")
must be understood. A command with a placeholder (``HOST``) must work with one of the state's names, or with a new
machine that somebody adds to swarmbot.yml for it. Usage lines are grammar and no advice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import permutations, product
from typing import Any, Final

import pytest

from bot.errors import SwarmbotError
from tests.plans.description import Description
from tests.plans.files import cases, described
from tests.plans.outcome import ended, outcome, read_words

COMMAND: Final = re.compile(r"`/swarm ([^`]+)`")
GRAMMAR: Final = re.compile(r"[…\[]")
HOST: Final = re.compile(r"\b(?:HOST|NODE)\b")
VALUES: Final = {
    "BACKUP": "latest",
    "IMAGE": "nginx:1.27",
    "DURATION": "720h",
    "FLAG VALUE": "cert-expiry 720h",
    "url=URL": "url=https://ca.example/sign",
    "HOST:PATH": "host-1:/etc/ca.pem",
}
NEW_MACHINES: Final[dict[str, Any]] = {"host-98": {}, "host-99": {}}
CLAUSE: Final = re.compile(r"(?<=[.;·|]) ")
CONDITION: Final = re.compile(r"\b(if|when|once|until|then|after|where)\b", re.IGNORECASE)


def _tried(facts: dict[str, Any], words: str) -> dict[str, Any]:
    """Return what ``words`` lead to in that state; {} for a command that is not about the cluster."""
    description = Description.model_validate(facts)
    try:
        command, arguments = read_words(words, description.vocabulary)
        if command.record is not None or command.control is not None:
            return {}
        return outcome(command, description.facts(command.query(arguments)), arguments, {})
    except SwarmbotError as error:
        return ended(error)


def _texts(came: Mapping[str, Any]) -> Iterator[str]:
    for told in came.values():
        yield from (
            told
            if isinstance(told, list)
            else [text for part in ("findings", "warnings", "unchanged") for text in told.get(part, [])]
        )


def advised_in(came: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield each command that is advised, and whether it is for another state."""
    for clause in (clause for text in _texts(came) for clause in CLAUSE.split(text)):
        for found in COMMAND.finditer(clause):
            if not GRAMMAR.search(found[1]) and not clause.startswith("Usage: "):
                yield found[1], bool(CONDITION.search(clause[: found.start()]))


def _completed(words: str, hosts: Mapping[str, Any]) -> Iterator[str]:
    """Yield the command with each choice of these names for its placeholders, and with each of its alternatives."""
    for placeholder, value in VALUES.items():
        words = re.sub(rf"\b{placeholder}\b", value, words)
    for chosen in product(*(word.split("|") for word in words.split())):
        line = " ".join(chosen)
        for names in permutations(hosts, len(HOST.findall(line))):
            left = iter(names)
            yield HOST.sub(lambda _, left=left: next(left), line)  # type: ignore[misc] # mypy infers no default's type


def _refusal(came: Mapping[str, Any], *, conditional: bool) -> Any:
    """Return the refusal that advice must not lead to; None if it led to something else."""
    if conditional:
        return came.get("not understood")
    skipped = [text for text in came.get("plan", {}).get("findings", []) if text.startswith("failed")]
    if skipped and "steps" not in came["plan"]:
        return skipped
    return next((told for kind, told in came.items() if kind not in {"plan", "answer"}), None)


def refusals(facts: dict[str, Any], words: str, *, conditional: bool) -> dict[str, Any]:
    """Return how the command is refused with each choice of names; {} if one choice works."""
    given = facts["hosts"]
    refused: dict[str, Any] = {}
    for hosts in (given, given | NEW_MACHINES):
        for line in _completed(words, hosts):
            refusal = _refusal(_tried({**facts, "hosts": hosts}, line), conditional=conditional)
            if not refusal:
                return {}
            refused[line] = refusal
        if not HOST.search(words):
            break
    return refused


ABOUT_FACTS: Final = [
    (name, given, case) for name, given, case in cases() if "own_records" not in described(given, case)
]


@pytest.mark.parametrize(("given", "case"), [pytest.param(given, case, id=name) for name, given, case in ABOUT_FACTS])
def test_advice_is_not_refused(given: dict[str, Any], case: dict[str, Any]) -> None:
    """A command that an answer names is not refused by its own plan in the same state."""
    facts = described(given, case)
    advised = dict.fromkeys(advised_in(_tried(facts, case["words"])))
    refused = [refusals(facts, words, conditional=conditional) for words, conditional in advised]
    assert [*filter(None, refused)] == []
