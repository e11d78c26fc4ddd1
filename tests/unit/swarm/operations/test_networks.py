"""The trial of a forced manager's networks: what its engine said decides, and what it did not say is unknown."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Failed
from bot.model import Facts
from bot.swarm.operations import RegainNetworks
from tests.plans.description import Description

STEP = RegainNetworks("host-1", "prod")
REFUSAL = "This node is not a swarm manager."


def _facts(refusal: str | None) -> Facts:
    facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}}}).facts()
    return replace(facts, hosts={"host-1": replace(facts.hosts["host-1"], network_refusal=refusal)})


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
    unknown = STEP.settle(None, _facts(None), Failed("late"))  # type: ignore[arg-type] # nor here
    assert "is unknown" in unknown.true_now
