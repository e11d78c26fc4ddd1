"""What facts say of Raft's members."""

from __future__ import annotations

from typing import Any, Final

import pytest

from bot.swarm.quorum import known_leader
from tests.plans.description import Description

LEADER: Final[dict[str, Any]] = {"is": "leader"}
MANAGER: Final[dict[str, Any]] = {"is": "manager"}
OFF: Final[dict[str, Any]] = {"failure": "no route"}
ALONE: Final[dict[str, Any]] = {"swarm_error": "The swarm does not have a leader."}


@pytest.mark.parametrize(
    ("hosts", "known"),
    [
        ([LEADER, MANAGER, MANAGER], True),
        ([LEADER, MANAGER, {**MANAGER, **OFF}], True),
        ([LEADER, MANAGER, {**MANAGER, **ALONE}], True),
        ([{**LEADER, **OFF, "reach_from_managers": "open"}, MANAGER, MANAGER], True),
        ([{**LEADER, "failure": "not yet"}, MANAGER, MANAGER], True),
        ([{**LEADER, **OFF}, MANAGER, MANAGER], False),
        ([{**LEADER, **ALONE}, MANAGER, MANAGER], False),
        ([LEADER, {**MANAGER, **ALONE}, {**MANAGER, **OFF}], False),
        ([MANAGER, MANAGER, MANAGER], False),
    ],
)
def test_a_leader_is_named_unless_facts_contradict_it(hosts: list[dict[str, Any]], known: bool) -> None:  # noqa: FBT001
    """Managers name one from memory after they have lost it; what a host does not say in time contradicts nothing."""
    described = {f"host-{number}": host for number, host in enumerate(hosts, 1)}
    leader = known_leader(Description.model_validate({"hosts": described, "readable": True}).facts())
    assert (leader.name if leader else "") == ("host-1" if known else "")
