"""An approved change runs once or not at all, whatever happens between the approval and the first step."""

from __future__ import annotations

from bot.audit import Filter
from tests.kits.approval_scenario import Asked


def test_a_change_of_the_cluster_voids_the_approval(asked: Asked) -> None:
    """The approved plan does not apply any more: nothing is done, and the card says what changed."""
    job = asked.asks("cleo", "promote host-2")
    asked.fleet["host-1"].docker("node", "update", "--availability", "drain", "host-2")
    asked.press("dan", job, "Approve")
    approval = asked.ends(job, "cancelled")
    assert approval.state == "void"
    assert "changed its availability from active to drain" in approval.why
    assert "Request again" in asked.card(job).shown
    assert asked.managers() == {"host-1"}


def test_an_approval_without_a_worker_runs_later(asked: Asked) -> None:
    """The decision is stored in Redis, and the next worker runs it once."""
    job = asked.asks("cleo", "promote host-2")
    asked.stage.kill("worker.1")
    try:
        asked.press("dan", job, "Approve")
    finally:
        asked.stage.start("worker.1")
    asked.ends(job, "succeeded")
    assert asked.managers() == {"host-1", "host-2"}
    started = [entry for entry in asked.audit.query(Filter(job=job), count=50) if entry.action == "started"]
    assert len(started) == 1


def test_a_worker_is_killed_before_the_first_step(asked: Asked) -> None:
    """Another worker takes over the job and runs it once."""
    job = asked.asks("cleo", "promote host-2")
    asked.fleet["host-3"].cut_cable()
    asked.press("dan", job, "Approve")
    asked.until(
        lambda: (found := asked.queue.get(job)) and found.order.lane == "exclusive" and found.state == "running"
    )
    asked.stage.kill("worker.1")
    asked.fleet["host-3"].restore_cable()
    assert asked.managers() == {"host-1"}
    asked.stage.start("worker.1")
    asked.ends(job, "succeeded")
    assert asked.managers() == {"host-1", "host-2"}
    found = asked.queue.get(job)
    assert found
    assert found.attempt == 2
    details = [entry.detail for entry in asked.audit.query(Filter(job=job), count=50) if entry.action == "step"]
    assert details == ["done: `host-2` is a reachable manager of prod", "running: promoting `host-2` to manager"]


def test_an_unreachable_manager_voids_the_approval(asked: Asked) -> None:
    """Nothing is done, the card names the missing manager, and a button requests the change again."""
    first = asked.fleet["host-1"]
    first.docker("node", "promote", "host-2", "host-3")
    token = first.docker("swarm", "join-token", "-q", "worker").strip()
    asked.fleet["host-4"].docker("swarm", "join", "--token", token, f"{first.address}:2377")
    asked.until(lambda: asked.reachable() == {"host-1", "host-2", "host-3"})
    job = asked.asks("cleo", "promote host-4")
    asked.stage.kill("worker.1")
    try:
        asked.press("dan", job, "Approve")
        asked.fleet["host-3"].cut_cable()
        asked.until(lambda: asked.reachable() == {"host-1", "host-2"})
    finally:
        asked.stage.start("worker.1")
    approval = asked.ends(job, "cancelled")
    assert approval.state == "void"
    assert "`host-3` is no longer reachable" in approval.why
    assert "`host-3` is no longer reachable" in asked.card(job).shown
    assert "host-4" not in asked.managers()
    asked.slack.click("cleo", asked.card(job), "Request again")
    asked.until(lambda: [waits.request.words for waits in asked.approvals.waiting("prod")] == ["promote host-4"])


def test_only_the_requester_sees_an_approved_token(asked: Asked) -> None:
    """Nothing is shown before the approval; afterwards only the requester sees the engine's own join command."""
    after = len(asked.slack.transcript())
    job = asked.asks("cleo", "token manager")
    asked.slack.wait_to_see("cleo", "It needs approval first, in", after=after, private=True)
    assert not any("SWMTKN" in seen.text for seen in asked.slack.transcript(after))
    asked.press("dan", job, "Approve")
    shown = asked.slack.wait_to_see("cleo", "SWMTKN", after=after, private=True, timeout=20)
    assert asked.fleet["host-1"].docker("swarm", "join-token", "-q", "manager").strip() in shown.text
    assert not any("SWMTKN" in seen.text for seen in asked.slack.transcript(after) if not seen.private)


def test_plan_changes_nothing(asked: Asked) -> None:
    """``--plan`` only shows the steps to the requester."""
    after = len(asked.slack.transcript())
    asked.slack.slash("cleo", "prod", "promote host-2 --plan")
    shown = asked.slack.wait_to_see("cleo", "Plan only", after=after, private=True, timeout=20)
    assert "promoting `host-2` to manager" in shown.text
    assert asked.managers() == {"host-1"}
    asked.slack.slash("ada", "prod", "token worker --plan")
    asked.slack.wait_to_see("ada", "`/swarm token worker` changes nothing", after=after, private=True, timeout=20)


def test_freeze_needs_one_more_approval(asked: Asked) -> None:
    """The channel and the status say so; a worker's join, which needs nobody otherwise, waits for one."""
    after = len(asked.slack.transcript())
    asked.slack.slash("dan", "prod", 'freeze --until 4h --reason "sale"')
    asked.slack.wait_to_see("dan", "is frozen", after=after, private=True)
    asked.slack.wait_to_see("eve", "*prod is frozen* by <@U0DAN> until", after=after, private=False)
    try:
        asked.slack.slash("eve", "prod", "status")
        asked.slack.wait_to_see(
            "eve", "by <@U0DAN>: “sale” · each change needs one more approval", after=after, private=True
        )
        job = asked.asks("ada", "join worker host-4")
        asked.press("dan", job, "Approve")
        asked.ends(job, "succeeded")
    finally:
        asked.slack.slash("dan", "prod", "thaw")
    asked.slack.wait_to_see("eve", "*prod is thawed* by <@U0DAN>", after=after, private=False)
    said = asked.fleet["host-1"].docker("node", "ls", "--format", "{{.Hostname}}")
    assert "host-4" in said.split()
