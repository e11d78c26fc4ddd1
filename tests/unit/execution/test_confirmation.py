"""A change that costs service, and that nobody else must approve, waits until its requester confirms it."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from bot.approvals.card import approval_card, readable_plan
from bot.audit import Entry
from bot.errors import Refused
from bot.store import keys
from tests.kits.approvals.drains import Scene, text_of
from tests.kits.approvals.process import order_of
from tests.kits.approvals.world import Crash

COST = "`db` (1 task on `node-1`) cannot run on any other active node."


@pytest.fixture
def scene(redis_url: str) -> Scene:
    """Return a cluster whose node-1 runs the only task of db."""
    return Scene(redis_url)


def test_what_costs_service_is_asked_first(scene: Scene) -> None:
    """Ada alone sees the plan with its cost and two buttons that carry the job's id; nothing is done meanwhile."""
    scene.waits()
    assert not scene.drained
    assert scene.job().state == "awaiting_confirmation"
    [told] = scene.told()
    assert COST in told
    assert "1. draining `node-1`" in told
    assert "Proceed" in told
    assert "Cancel" in told
    assert "'value': 'job-0'" in told
    assert scene.first.slack.posted == 0
    assert scene.proceed() == "▸ You proceeded with `job-0`. Its progress is shown in <#C0PROD>."
    scene.work()
    assert scene.drained
    assert scene.job().state == "succeeded"
    [(by, detail)] = scene.audited("proceeded")
    assert by == "U0ADA"
    assert detail.startswith("plan ")
    assert any(COST in detail for _, detail in scene.audited("confirmation asked"))
    assert len(scene.told()) == 1


def test_what_costs_nothing_runs_at_once(scene: Scene) -> None:
    """So does what costs service with `--yes`: the audit log says who proceeded with which cost."""
    scene.ask("job-1", "node-2")
    scene.work()
    assert scene.job("job-1").state == "succeeded"
    assert scene.audited("proceeded") == []
    scene.ask("job-2", accepts_costs=True)
    scene.work()
    assert scene.job("job-2").state == "succeeded"
    [(by, detail)] = scene.audited("proceeded")
    assert (by, COST in detail, "--yes" in detail) == ("U0ADA", True, True)
    assert scene.told() == []


def test_the_cluster_does_not_wait_for_the_answer(scene: Scene) -> None:
    """Another change runs while Ada thinks about it."""
    scene.waits()
    scene.ask("job-1", "node-2")
    scene.work()
    assert scene.job("job-1").state == "succeeded"


def test_only_the_requester_decides(scene: Scene) -> None:
    """An approver's press does not count, and nobody else may withdraw it; each refused press is in the audit log."""
    scene.waits()
    presses: list[Callable[[], str]] = [
        lambda: scene.proceed(who="U0BEN"),
        lambda: scene.second.voting.deny("job-0", "U0BEN", "no"),
        lambda: scene.second.voting.withdraw("job-0", "U0BEN"),
    ]
    for press in presses:
        with pytest.raises(Refused, match="only <@U0ADA> can decide this"):
            press()
    assert [by for by, _ in scene.audited("vote refused")] == ["U0BEN"] * 3
    assert scene.asked()


def test_the_script_refuses_another_person(scene: Scene) -> None:
    """Redis itself counts only the requester's press."""
    seen = scene.waits()
    result = scene.second.approvals.vote(scene.job(), seen, "U0BEN", [], [])
    assert result == "not yours"


def test_a_plan_that_costs_more_is_asked_again(scene: Scene) -> None:
    """What Ada confirmed is no longer what it costs: she sees the new plan, and what changed."""
    scene.waits()
    scene.proceed()
    scene.cluster.pinned.add("cache")
    scene.work()
    assert not scene.drained
    assert "it costs more now (`cache`" in scene.asked().request.changed
    _, again = scene.told()
    assert "Since you confirmed it, the plan has changed: it costs more now (`cache`" in again
    assert COST in again
    scene.proceed()
    scene.work()
    assert scene.job().state == "succeeded"
    assert len(scene.audited("proceeded")) == 2


def test_a_plan_that_costs_less_is_not_asked_again(scene: Scene) -> None:
    """What is left of the cost was confirmed."""
    scene.cluster.pinned = {"db", "cache"}
    scene.waits()
    scene.proceed()
    scene.cluster.pinned = {"db"}
    scene.work()
    assert scene.job().state == "succeeded"


def test_a_plan_that_costs_nothing_any_more_runs(scene: Scene) -> None:
    """Also if other facts changed with it: there is nothing left to confirm."""
    scene.waits()
    scene.proceed()
    scene.cluster.pinned = set()
    scene.cluster.records["node-1"].availability = "pause"
    scene.work()
    assert scene.job().state == "succeeded"


def test_another_target_state_is_asked_again(scene: Scene) -> None:
    """The same cost on other facts is another plan, as for an approval."""
    scene.waits()
    scene.proceed()
    scene.cluster.records["node-1"].availability = "pause"
    scene.work()
    assert not scene.drained
    assert "`node-1` changed its availability from active to pause" in scene.asked().request.changed


def test_nobody_answers(scene: Scene) -> None:
    """It expires; nothing was changed, Ada is notified, and a late press does not count."""
    scene.waits()
    scene.first.redis.zadd(keys.APPROVALS_OPEN, {"job-0": 1})
    with pytest.raises(Refused, match="it has expired"):
        scene.proceed()
    scene.first.card_publisher.publish_due()
    assert scene.job().state == "expired"
    assert "*Expired*" in scene.told()[-1]
    assert "did not confirm it. Nothing was changed." in scene.told()[-1]
    assert "approval.again" in scene.told()[-1]
    with pytest.raises(Refused, match="it is already expired"):
        scene.proceed()
    assert not scene.drained


def test_cancel_ends_it(scene: Scene) -> None:
    """Ada's own press is answered at once; she is notified when somebody else cancels it."""
    scene.waits()
    assert scene.second.voting.withdraw("job-0", "U0ADA") == "You cancelled `job-0`. Nothing was changed."
    scene.first.card_publisher.publish_due()
    assert scene.job().state == "cancelled"
    assert len(scene.told()) == 1
    scene.waits("job-1")
    assert scene.second.voting.cancel("job-1", "U0BEN")
    scene.first.card_publisher.publish_due()
    assert "*Cancelled* by <@U0BEN>" in scene.told()[-1]
    assert not scene.drained


@pytest.mark.parametrize("reads_left", [1, 2, 3, 4])
def test_a_worker_that_dies_loses_nothing(scene: Scene, reads_left: int) -> None:
    """Before the question and after it: another worker continues."""
    scene.cluster.reads_left = reads_left
    scene.cluster.on_crash = _crash
    for _ in range(6):
        scene.work(scene.second)
        with suppress(Refused):
            scene.proceed(scene.first) if scene.first.approvals.get("job-0") else scene.ask()
    assert scene.drained
    assert scene.job().state == "succeeded"
    assert len(scene.audited("proceeded")) == 1


def test_the_question_is_shown_by_another_worker(scene: Scene) -> None:
    """The worker that asked dies before it has called Slack."""
    scene.ask()
    lease = scene.first.queue.take("one", "exclusive", block_ms=0)
    assert lease is not None
    scene.first.runner.handle(lease)
    assert scene.told() == []
    scene.second.card_publisher.publish_due()
    scene.second.card_publisher.publish_due()
    assert len(scene.told(scene.second)) == 1


def test_who_needs_approval_is_not_asked_twice(scene: Scene) -> None:
    """While the cluster is frozen others approve: their card shows the cost, and it runs after their approval."""
    scene.first.freezes.freeze("prod", time.time() + 3600, "U0DAN", "", [Entry("froze", "U0DAN")])
    order = replace(order_of("job-0", "U0ADA", "node-1"), command="drain", words="drain node-1")
    scene.first.queue.admit(order, [Entry("asked", "U0ADA", job="job-0")])
    lease = scene.first.queue.take("one", "exclusive", block_ms=0)
    assert lease is not None
    scene.first.runner.handle(lease)
    asked = scene.first.approvals.get("job-0")
    assert asked is not None
    assert not asked.request.confirmation
    assert COST in text_of(approval_card(asked, readable_plan(scene.job().plan)))
    scene.proceed(who="U0BEN")
    scene.work()
    assert scene.job().state == "succeeded"
    assert "Proceed" not in " ".join(scene.told())


def test_what_was_confirmed_is_no_approval(scene: Scene) -> None:
    """A freeze that begins before its turn needs somebody else, and Ada's own press is not that."""
    scene.waits()
    scene.proceed()
    scene.first.freezes.freeze("prod", time.time() + 3600, "U0DAN", "", [Entry("froze", "U0DAN")])
    scene.work()
    assert not scene.drained
    assert scene.job().state == "refused"
    assert "this has no approvals, and more are needed now. It needs 1 approval from @" in scene.told()[-1]
    assert "because prod is frozen." in scene.told()[-1]


def _crash() -> None:
    raise Crash
