"""The trial of a forced manager's networks: what its engine said decides, and what it did not say is unknown."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import Failed
from bot.model import Facts
from bot.swarm.operations import RegainNetworks
from tests.plans.description import Description

STEP = RegainNetworks("host-1", "prod")
REFUSAL = "This node is not a swarm manager."


def _facts(refusal: str | None, error: str = "") -> Facts:
    facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}}}).facts()
    host = replace(facts.hosts["host-1"], network_refusal=refusal, network_error=error)
    return replace(facts, hosts={"host-1": host})


@pytest.mark.parametrize(("refusal", "made"), [("", True), (REFUSAL, False), (None, False)])
def test_only_a_network_that_was_made_counts(refusal: str | None, made: bool) -> None:  # noqa: FBT001 - pytest's
    """An engine that was not asked is not well."""
    assert STEP.satisfied(_facts(refusal)) == made
    assert not STEP.satisfied(replace(_facts(""), hosts={}))


def test_a_refusal_is_told_with_what_brings_networks_back() -> None:
    """The engine must restart; that it may refuse is no guess."""
    told = STEP.settle(None, _facts(REFUSAL), Failed("late"))  # type: ignore[arg-type] # no engine is asked
    assert told.true_now.startswith("The engine of `host-1` makes no network of prod")
    assert told.true_now.endswith(REFUSAL)
    assert "`systemctl restart docker` on `host-1`" in told.next_step


@pytest.mark.parametrize(
    ("facts", "why"),
    [(_facts(None, "context deadline exceeded"), " context deadline exceeded"), (replace(_facts(""), hosts={}), "")],
)
def test_what_was_not_seen_is_told_as_unknown(facts: Facts, why: str) -> None:
    """With the last error, if there was one, and with what tries it again."""
    told = STEP.settle(None, facts, Failed("late"))  # type: ignore[arg-type] # no engine is asked
    assert told.true_now == f"Whether the engine of `host-1` makes networks of prod is unknown.{why}"
    assert "`/swarm check --all`" in told.next_step


@pytest.mark.parametrize(("refusal", "restarts"), [(REFUSAL, 1), (None, 0)])
def test_only_a_refusal_restarts_the_engine(refusal: str | None, restarts: int) -> None:
    """An error that may pass costs no restart."""
    restarted: list[str] = []
    engines: Any = {"host-1": SimpleNamespace(restart_engine=lambda: restarted.append("host-1"))}
    STEP.apply(engines, _facts(refusal, "context deadline exceeded"))
    assert len(restarted) == restarts
