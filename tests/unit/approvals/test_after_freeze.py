"""What a thaw says of requests that wait for an approval that the freeze added."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.approvals.after_freeze import still_waiting
from bot.approvals.approval import Approval
from bot.config import Config
from tests.kits.jobs import request_for

CONFIG = Config.model_validate({"clusters": {"prod": {"channel": "C0PROD", "hosts": {"host-1": "192.0.2.1"}}}})


def waiting(job: str, words: str, *, frozen: bool = True, needed: int = 1) -> Approval:
    """Return an open approval."""
    return Approval(replace(request_for(job), words=words, frozen=frozen, needed=needed), "open", 1)


def test_each_request_is_told_with_its_way_on() -> None:
    """The order itself, its approvals, and the command that withdraws it; none that needs its approvals anyway."""
    needs_one, needs_two = waiting("k7f3", "drain host-2"), waiting("m2p8", "promote host-3", needed=2)
    head, *lines = still_waiting(CONFIG, [needs_one, waiting("b5d1", "init host-1", frozen=False), needs_two])
    assert head == "! 2 orders still wait for an approval that the freeze added:"
    first, second = (re.sub(r"expires <!date[^>]*>", "expires then", line) for line in lines)
    assert first == (
        "· `k7f3` `/swarm drain host-2` · <@U0ASKER> · 0 of 1 approval · expires then\n"
        "Requested again it needs no approval: `/swarm cancel k7f3`, then the same order."
    )
    assert second == (
        "· `m2p8` `/swarm promote host-3` · <@U0ASKER> · 0 of 2 approvals · expires then\n"
        "Requested again it needs 1 approval: `/swarm cancel m2p8`, then the same order."
    )


def test_nothing_is_told_if_the_freeze_added_nothing() -> None:
    """What waits, waits by the rules of swarmbot.yml."""
    assert still_waiting(CONFIG, [waiting("b5d1", "init host-1", frozen=False)]) == []


def test_of_many_the_rest_is_counted() -> None:
    """A message has its limits."""
    told = still_waiting(CONFIG, [waiting(f"k{number}", "drain host-2") for number in range(12)])
    assert len(told) == 12
    assert told[-1] == "and 2 more: `/swarm approvals` lists them."
