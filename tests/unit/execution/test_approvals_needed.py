"""What an order needs now: its requester's confirmation or approvals, with the one that a freeze adds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from bot.audit import Entry
from bot.config import ApprovalRule
from bot.execution.approval_step import ApprovalStep
from bot.model import Facts
from tests.kits.approvals.drains import Scene
from tests.kits.approvals.process import config_of, order_of


@pytest.fixture
def scene(redis_url: str) -> Scene:
    """Return a cluster whose node-1 runs the only task of db."""
    return Scene(redis_url)


@pytest.mark.parametrize("frozen", [False, True])
def test_a_plan_says_what_it_needs_now(scene: Scene, *, frozen: bool) -> None:
    """Before it is requested: the confirmation of its requester, or the approvals, with the one that a freeze adds."""
    scene.first.freeze(frozen=True)
    if not frozen:
        scene.first.freeze(frozen=False)
    promote = order_of("job-0", "U0ADA", "node-1")
    order = replace(promote, command="drain", words="drain node-1 --plan", lane="concurrent", only_plan=True)
    scene.first.queue.admit(order, [Entry("asked", "U0ADA", job="job-0")])
    lease = scene.first.queue.take("one", "concurrent", block_ms=0)
    assert lease is not None
    scene.first.runner.handle(lease)
    scene.first.deliver()
    confirmed = "It costs service: <@U0ADA> must confirm it before it starts."
    approved = "It needs 1 approval from @admins (not <@U0ADA>), because prod is frozen."
    assert (approved if frozen else confirmed) in scene.told()[-1]
    assert (confirmed if frozen else approved) not in scene.told()[-1]


@pytest.mark.parametrize(("written", "needed"), [(None, 2), (3, 3)])
def test_a_freeze_adds_an_approval_to_force(scene: Scene, written: int | None, needed: int) -> None:
    """To the number of swarmbot.yml, or else of the quorum gate: what a refusal says is what the order will need."""
    first, config = scene.first, config_of(1, ("S0ADMINS",))
    if written:
        config.rules.approvals["force"] = ApprovalRule(count=written)
    step = ApprovalStep(config, first.approvals, cast("Any", scene.people), first.freezes)
    read = Facts("prod", 0.0, {})
    assert step.with_needs(read) == replace(read, force_approvals=needed)
    first.freeze(frozen=True)
    known = step.with_needs(read)
    assert known.freeze is not None
    assert known.force_approvals == needed + 1
