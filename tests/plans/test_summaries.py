"""What watch stores for `status` gives the same answer as the facts: every status of the cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.blocks import DONE
from bot.commands import NoArguments
from bot.model import Facts
from bot.stored_json import from_json, to_json
from bot.swarm.health.summary import AgedSummary, Summary, summary_of
from tests.kits.commands import COMMANDS
from tests.kits.examples import examples
from tests.plans.description import Description
from tests.plans.files import cases, described
from tests.plans.showing import show_message

STATUS: Final = COMMANDS["status"]
CASES: Final = [pytest.param(given, case, id=name) for name, given, case in cases() if case["words"] == "status"]


def _shown(summary: Summary, facts: Facts) -> list[str]:
    """Return the status that is shown 2 s after the reading, from what Redis keeps of it."""
    assert STATUS.aged is not None
    stored = from_json(Summary, to_json(summary))
    records = Facts(
        facts.name,
        facts.at,
        {},
        freeze=facts.freeze,
        closed_channel=facts.closed_channel,
        open_changes=facts.open_changes,
        incidents=facts.incidents,
        unwatched_since=facts.unwatched_since,
    )
    return show_message(STATUS.aged(AgedSummary(stored, records, 1.4)))


@pytest.mark.parametrize(("facts_given", "case"), CASES)
def test_a_summary_gives_the_same_status(facts_given: dict[str, Any], case: Mapping[str, Any]) -> None:
    """It differs only in its age, and in that more may follow; nothing is called done if facts are incomplete."""
    assert STATUS.answer is not None
    facts = Description.model_validate(described(facts_given, case)).facts(STATUS.query(NoArguments()))
    complete = show_message(STATUS.answer(facts, NoArguments()))
    expected = [f"{complete[0]} · as of 2 s ago", *complete[1:], "(· The complete answer follows.)"]
    assert _shown(summary_of(facts), facts) == expected
    partial = _shown(summary_of(facts, whole=False), facts)
    assert partial[1:] == expected[1:]
    assert not partial[0].startswith(DONE)
    assert partial[0] == expected[0].replace("✓ *prod is healthy*", "· *prod is healthy as far as read*")


MARK: Final = "s3cr3t"
NAMES: Final = frozenset({"name", "id", "host", "hostname", "node", "service", "read_from", "node_id", "swarm_id"})
ADDRESSES: Final = frozenset({"address", "raft_address", "node_address", "managers"})
STATES: Final = frozenset({"role", "availability", "state", "reachability", "membership", "problem", "engine_version"})
WORDS: Final = frozenset({"happened", "next_step", "swarm_error", "certificate_error", "message"})
"""What engines and hosts say of themselves."""
SHOWN: Final = NAMES | ADDRESSES | STATES | WORDS
"""The fields of facts whose text a status may show. Any other field holds the mark."""
ERRORS: Final = frozenset({"complaint", "error"})
"""What engines say of tasks: it may hold parts of a command, and is shown masked."""
IN_SPEC: Final = "in a spec"
ALL_FACTS: Final = [found for _, facts, case in cases() if "own_records" not in (found := described(facts, case))]


def _marked(value: Any, name: str, *, specs: bool) -> Any:
    """Return the value of a field with the mark in each text that must not be stored.

    ``specs``: also in place of the texts that are in specs and labels, beside which there is one in any case.
    """
    if isinstance(value, str):
        shown = name in SHOWN or (name == IN_SPEC and not specs)
        return f"exec: --password={MARK}: not found" if name in ERRORS else value if shown else MARK
    if isinstance(value, tuple | list | frozenset):
        return type(value)(_marked(each, name, specs=specs) for each in value)
    if isinstance(value, Mapping) and name == "hosts":
        return {host: _marked(each, name, specs=specs) for host, each in value.items()}
    if isinstance(value, Mapping):
        return {MARK: f"{MARK}={MARK}", **{key: _marked(each, IN_SPEC, specs=specs) for key, each in value.items()}}
    if not is_dataclass(value) or isinstance(value, type):
        return value
    held = {field.name: getattr(value, field.name) for field in fields(value)}
    return replace(value, **{field: _marked(each, field, specs=specs) for field, each in held.items()})


@given(st.sampled_from(ALL_FACTS), st.booleans())
@settings(max_examples=examples(600), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_summary_holds_nothing_of_specs_labels_and_environments(
    facts_given: dict[str, Any],
    specs: bool,  # noqa: FBT001 - drawn
) -> None:
    """For all facts, only fields that a status shows reach Redis, and errors of tasks are masked."""
    facts = Description.model_validate(facts_given).facts(STATUS.query(NoArguments()))
    marked = _marked(replace(facts, other_clusters={}), "", specs=specs)
    assert facts.swarm is None or MARK in repr(marked.swarm)
    assert MARK not in to_json(summary_of(marked))
