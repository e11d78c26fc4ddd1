"""An early answer never claims more than was read: every question of the cases, with one host that is awaited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest

from bot.blocks import DONE
from bot.commands import Command
from bot.errors import SwarmbotError
from bot.execution.early_answers import not_read_yet
from bot.model import Facts
from tests.plans.description import Description
from tests.plans.files import cases, described
from tests.plans.outcome import outcome, read_words

ABOUT_HOSTS: Final = {"hosts", "status", "ca"}
"""Questions whose headline is about every host. That of the others is about what the managers report."""
ANSWERS: Final = [
    pytest.param(given, case, id=name)
    for name, given, case in cases()
    if "answer" in case and "own_records" not in described(given, case)
]


def _early(command: Command, arguments: Any, facts: Facts) -> dict[str, list[str]]:
    """Return the answer for each host as the awaited one, as far as such a question is answered early."""
    query = command.query(arguments)
    if facts.swarm is None or query.examines or query.secrets or not query.all_hosts:
        return {}
    names = [name for name, host in facts.hosts.items() if host.responds and name not in query.hosts]
    found = {name: outcome(command, not_read_yet(facts, [name]), arguments, {}) for name in names}
    return {name: came["answer"] for name, came in found.items() if "answer" in came}


@pytest.mark.parametrize(("given", "case"), ANSWERS)
def test_an_early_answer_claims_nothing_of_a_host_that_was_not_read(
    given: dict[str, Any], case: Mapping[str, Any]
) -> None:
    """Its headline has no ✓, and the host is neither called absent, unreachable nor unlisted."""
    description = Description.model_validate(described(given, case))
    try:
        command, arguments = read_words(case["words"], description.vocabulary)
    except SwarmbotError:
        return
    if command.answer is None or command.is_change(arguments):
        return
    facts = description.facts(command.query(arguments))
    complete = outcome(command, facts, arguments, {}).get("answer", [])
    for name, early in _early(command, arguments, facts).items():
        if command.name in ABOUT_HOSTS:
            assert not early[0].startswith(DONE)
            assert early != complete or not complete[0].startswith(DONE)
        added = [line for line in early if line not in complete and f"`{name}`" in line]
        assert not [line for line in added if "not in swarmbot.yml" in line or "does not respond" in line]
        if command.name == "hosts":
            assert any(line.startswith(f"· `{name}` (") and "has not responded yet" in line for line in early)
            assert len(early) == len(complete)
        if command.name == "ca":
            rows = [line for line in early if "unknown: not in swarmbot.yml" in line]
            assert rows == [line for line in complete if "unknown: not in swarmbot.yml" in line]
