"""The levels of health; the messages are tested in tests/plans."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.swarm.health.health import health
from bot.swarm.health.issues import WAIT
from bot.swarm.health.next_steps import next_steps
from tests.plans.description import Description

LEADER: dict[str, Any] = {"is": "leader"}
MANAGER: dict[str, Any] = {"is": "manager"}
LOST: dict[str, Any] = {"is": "manager", "swarm_error": "The swarm does not have a leader."}
DOWN: dict[str, Any] = {"is": "manager", "failure": "no route"}
CHECK = "`/swarm check host-2` tests its connection to the other managers"


@pytest.mark.parametrize(
    ("hosts", "readable", "level"),
    [
        ([LEADER, MANAGER, MANAGER], True, "healthy"),
        ([LEADER, MANAGER, {**DOWN, "record": {"reachability": "unreachable"}}], True, "degraded"),
        ([LEADER], True, "degraded"),
        ([LOST, DOWN, DOWN], False, "no quorum"),
        ([{**MANAGER, "membership": "locked"}], False, "no quorum"),
        ([{"is": "worker"}, DOWN], False, "unknown"),
        ([DOWN, DOWN], False, "unknown"),
        ([{}, {}], False, "none"),
        ([{}, {"failure": "no route"}], False, "unknown"),
        ([LOST, LOST, DOWN], False, "no leader"),
    ],
)
def test_levels(hosts: list[dict[str, Any]], readable: bool, level: str) -> None:  # noqa: FBT001 - a column of the table
    """A quorum is called lost only if a manager reports it; otherwise the level is unknown."""
    described = {f"host-{number}": host for number, host in enumerate(hosts, 1)}
    facts = Description.model_validate({"hosts": described, "readable": readable}).facts()
    assert health(facts).level == level


@pytest.mark.parametrize(("membership", "state"), [("pending", "down"), ("active", "ready")])
def test_a_returning_manager_may_rejoin_although_its_engine_says_that_it_is_none(membership: str, state: str) -> None:
    """Its engine says so for half a minute after a recovery (docs/swarm-behaviour.md#recovery).

    The engine of another node is no sign.

    There is one next step about it: while it starts (``pending``), no order to let it join again or to remove it.
    """
    lost = {**MANAGER, "membership": membership, "record": {"reachability": "", "state": state}}
    facts = Description.model_validate({"hosts": {"host-1": LEADER, "host-2": lost}}).facts()
    host = replace(facts.hosts["host-2"], is_manager=False)
    back = replace(facts, hosts={**facts.hosts, "host-2": host})
    assert "it may rejoin by itself" in health(back).issues[0].text
    assert next_steps(back, health(back)) == [WAIT, f"if nothing has changed: {CHECK}"]
    other = replace(facts, hosts={**facts.hosts, "host-2": replace(host, node_id="other")})
    assert not any("may rejoin by itself" in issue.text for issue in health(other).issues)


def test_critical_issues_come_first() -> None:
    """People may read only the first line."""
    hosts = {"host-1": LEADER, "host-2": {"membership": "pending"}, "host-3": {"failure": "no route"}}
    issues = health(Description.model_validate({"hosts": hosts}).facts()).issues
    assert [issue.critical for issue in issues] == [True, False, False]
