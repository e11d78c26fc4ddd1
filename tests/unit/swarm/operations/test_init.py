"""What is reported when a cluster could not be initialised, or forced."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.errors import Failed, Refused
from bot.model import Facts
from bot.swarm.operations import Init
from tests.plans.description import Description


def _unreadable() -> Facts:
    """Return facts of a host whose engine says that it is a member, and whose cluster cannot be read."""
    facts = Description.model_validate({"hosts": {"host-1": {"is": "leader"}}}).facts()
    host = replace(facts.hosts["host-1"], swarm_error="grpc: the client connection is closing")
    return replace(facts, hosts={"host-1": host}, swarm=None)


@pytest.mark.parametrize(
    ("forced", "step"),
    [(True, "Run `systemctl restart docker` on `host-1`, then press Retry."), (False, "Fix this, then press Retry.")],
)
def test_an_engine_that_could_not_be_forced_needs_a_restart(forced: bool, step: str) -> None:  # noqa: FBT001 - pytest's
    """It has stopped its part of the cluster, and its tasks with it; a second try met the same engine."""
    init = Init("host-1", "prod", "192.0.2.1", force_new_cluster=forced)
    told = init.settle(None, _unreadable(), Failed("context deadline exceeded"))  # type: ignore[arg-type] # nobody is asked
    assert isinstance(told, Failed)
    assert told.next_step == step
    assert "grpc: the client connection is closing" in told.true_now
    assert ("Its tasks may have stopped." in told.true_now) == forced


def test_a_refusal_to_force_keeps_its_own_advice() -> None:
    """Nothing was sent to the engine, so it has not stopped."""
    init = Init("host-1", "prod", "192.0.2.1", force_new_cluster=True)
    refused = Refused("`host-2` has a quorum.", next_step="`/swarm join manager host-1` joins it.")
    told = init.settle(None, _unreadable(), refused)  # type: ignore[arg-type] # nobody is asked
    assert isinstance(told, Failed)
    assert told.next_step == refused.next_step
    assert "may have stopped" not in told.true_now
