"""Operations as data: every kind survives storage, none can hold a secret, a wrong one fails at import."""

from __future__ import annotations

import json
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import Finding, Operation, Plan, PlanTitles, Step
from bot.model.operation import _KINDS
from bot.secrets.secret import Secret
from bot.stored_json import from_json, from_plain, to_json
from bot.swarm import operations

KINDS = [kind for kind in _KINDS.values() if kind.__module__.startswith("bot.")]
# Seconds come from the grammar of durations, which knows neither NaN nor infinity.
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))
PLANS = st.builds(
    Plan,
    st.builds(PlanTitles, st.text(), st.text(), st.text(), st.text()),
    steps=st.lists(st.builds(Step, st.one_of([st.from_type(kind) for kind in KINDS]), st.text())).map(tuple),
    effect=st.text(),
    warnings=st.lists(st.text()).map(tuple),
    findings=st.lists(st.from_type(Finding)).map(tuple),
    unchanged=st.lists(st.text()).map(tuple),
    reveals=st.lists(st.sampled_from(["worker token", "manager token", "unlock key"])).map(tuple),
)


def test_the_kinds_are_the_package_s() -> None:
    """Every operation that the package offers is registered under its kind."""
    offered = {value for value in vars(operations).values() if isinstance(value, type) and issubclass(value, Operation)}
    assert offered == set(KINDS)


@given(PLANS)
def test_a_plan_survives_storage(plan: Plan) -> None:
    """What is read back is what was planned, operation for operation, and its JSON is plain."""
    text = to_json(plan)
    json.loads(text)
    assert from_json(Plan, text) == plan


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_no_operation_holds_a_secret(kind: type[Operation]) -> None:
    """Plans rest in Redis, so none of their fields may be a Secret, or a kind of thing that could hold one."""
    hints = typing.get_type_hints(kind)
    named = {part for field in fields(kind) for part in _parts(hints[field.name])}
    words = {"worker", "manager", "active", "pause", "update", "scale", "restart"}
    words |= {"create", "delete", "network", "secret", "config", "service", "only", "first", "second"}
    assert named <= {str, int, float, bool, type(None), tuple, ...} | words
    assert Secret not in named


def _parts(hint: Any) -> set[Any]:
    if is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return {part for field in fields(hint) for part in _parts(hints[field.name])}
    inner = {part for argument in typing.get_args(hint) for part in _parts(argument)}
    origin = typing.get_origin(hint)
    return inner | ({origin} if origin is tuple else set() if inner else {hint})


def test_an_unknown_kind_is_not_read() -> None:
    """A stored plan of a newer Swarmbot is not taken for something else."""
    with pytest.raises(ValueError, match="sing"):
        from_plain(Step, {"operation": {"kind": "sing"}, "track": "host-1"})


class _Whole(operations.LabelHost):
    """An operation with all that one needs; what differs is declared below."""

    kind: ClassVar[str] = "a test's own"


def _declare_without_a_kind() -> None:
    type("Nameless", (_Whole,), {"kind": ""})


def _declare_a_kind_twice() -> None:
    type("Join", (_Whole,), {"kind": "join"})


def _declare_an_unfinished_one() -> None:
    type("Half", (Operation,), {"kind": "half"})


@pytest.mark.parametrize("declare", [_declare_without_a_kind, _declare_a_kind_twice, _declare_an_unfinished_one])
def test_a_wrong_operation_fails_when_it_is_declared(declare: Callable[[], None]) -> None:
    """An operation without a kind, with another's, or without its functions never gets as far as a plan."""
    before = dict(_KINDS)
    with pytest.raises(TypeError):
        declare()
    assert before == _KINDS
