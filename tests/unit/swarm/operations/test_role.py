"""Demote: when it has succeeded, and what is reported."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.swarm.operations import Demote
from tests.kits.two_hosts import ABSENT, facts, node

DEMOTE = Demote("id-host-2", "host-2", "prod", "host-2")


@pytest.mark.parametrize(
    ("host_2", "ended"),
    [
        (node("manager"), False),
        (node("worker"), True),
        (node("worker", host={"failure": "no route"}), True),
        (ABSENT, True),
    ],
)
def test_demote_succeeds_when_the_node_is_not_in_raft(host_2: dict[str, Any], ended: bool) -> None:  # noqa: FBT001
    """A removed node counts too, so that a plan can run again after a crash."""
    assert DEMOTE.satisfied(facts(host_2)) is ended


def test_demote_waits_until_the_engine_is_a_worker() -> None:
    """Before that, the engine refuses to leave without force."""
    seen = facts(node("worker"))
    manages = replace(seen, hosts={**seen.hosts, "host-2": replace(seen.hosts["host-2"], is_manager=True)})
    assert not DEMOTE.satisfied(manages)
    assert DEMOTE.progress(manages) == "its engine still sees itself as a manager"
    assert replace(DEMOTE, host="").satisfied(manages), "a host that cannot be asked is not waited for"
    assert DEMOTE.seen(seen) == "`host-2` is a worker and not a member of Raft; `host-1` is the leader of prod"
