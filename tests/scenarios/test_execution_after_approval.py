"""An approved change runs once or not at all, with any event between the approval and the first step."""

from __future__ import annotations

import pytest

from bot.audit import Filter
from sandbox.fleet.image import TASK_IMAGE
from tests.kits.approval_scenario import ApprovalScenario


def test_a_change_of_the_cluster_voids_the_approval(approvals: ApprovalScenario) -> None:
    """The approved plan does not apply any more: status says so, nothing is done, and the card says what changed."""
    job = approvals.asks("cleo", "promote host-2")
    assert f"`{job}` `/swarm promote host-2` · waits for approval" in _status(approvals)
    approvals.fleet["host-1"].docker("node", "update", "--availability", "drain", "host-2")
    told = _status(approvals)
    changed = "its plan no longer applies: `host-2` changed its availability from active to drain"
    assert f"`{job}` `/swarm promote host-2` · {changed}" in told
    assert f"Next: `/swarm cancel {job}`, and request it again if it is still needed" in told
    approvals.press("dan", job, "Approve")
    approval = approvals.ends(job, "cancelled")
    assert approval.state == "void"
    assert "changed its availability from active to drain" in approval.why
    assert "Request again" in approvals.card(job).shown
    assert approvals.managers() == {"host-1"}


def _status(approvals: ApprovalScenario) -> str:
    """Return the whole answer to `status`."""
    after = len(approvals.slack.transcript())
    approvals.slack.slash("ada", "prod", "status")
    return approvals.slack.wait_to_see("ada", "Leader `", after=after, private=True, timeout=20).text


def test_an_approval_without_a_worker_runs_later(approvals: ApprovalScenario) -> None:
    """The decision is stored in Redis, and the next worker runs it once."""
    job = approvals.asks("cleo", "promote host-2")
    approvals.deployment.kill("worker.1")
    try:
        approvals.press("dan", job, "Approve")
    finally:
        approvals.deployment.start("worker.1")
    approvals.ends(job, "succeeded")
    assert approvals.managers() == {"host-1", "host-2"}
    started = [entry for entry in approvals.audit.query(Filter(job=job), count=50) if entry.action == "started"]
    assert len(started) == 1


@pytest.mark.long
def test_a_worker_is_killed_before_the_first_step(approvals: ApprovalScenario) -> None:
    """Another worker takes over the job and runs it once."""
    job = approvals.asks("cleo", "promote host-2")
    approvals.fleet["host-3"].cut_cable()
    approvals.press("dan", job, "Approve")
    approvals.until(
        lambda: (found := approvals.queue.get(job)) and found.order.lane == "exclusive" and found.state == "running"
    )
    approvals.deployment.kill("worker.1")
    approvals.fleet["host-3"].restore_cable()
    assert approvals.managers() == {"host-1"}
    approvals.deployment.start("worker.1")
    approvals.ends(job, "succeeded")
    assert approvals.managers() == {"host-1", "host-2"}
    found = approvals.queue.get(job)
    assert found
    assert found.attempt == 2
    details = [entry.detail for entry in approvals.audit.query(Filter(job=job), count=50) if entry.action == "step"]
    assert details == ["done: `host-2` is a reachable manager of prod", "running: promoting `host-2` to manager"]


def test_an_unreachable_manager_voids_the_approval(approvals: ApprovalScenario) -> None:
    """Nothing is done, the card names the missing manager, and a button requests the change again."""
    first = approvals.fleet["host-1"]
    first.docker("node", "promote", "host-2", "host-3")
    token = first.docker("swarm", "join-token", "-q", "worker").strip()
    approvals.fleet["host-4"].docker("swarm", "join", "--token", token, f"{first.address}:2377")
    approvals.until(lambda: approvals.reachable() == {"host-1", "host-2", "host-3"})
    job = approvals.asks("cleo", "promote host-4")
    approvals.deployment.kill("worker.1")
    try:
        approvals.press("dan", job, "Approve")
        approvals.fleet["host-3"].cut_cable()
        approvals.until(lambda: approvals.reachable() == {"host-1", "host-2"})
    finally:
        approvals.deployment.start("worker.1")
    approval = approvals.ends(job, "cancelled")
    assert approval.state == "void"
    assert "`host-3` is no longer reachable" in approval.why
    assert "`host-3` is no longer reachable" in approvals.card(job).shown
    assert "host-4" not in approvals.managers()
    approvals.slack.click("cleo", approvals.card(job), "Request again")
    approvals.until(
        lambda: [waits.request.words for waits in approvals.approvals.waiting("prod")] == ["promote host-4"]
    )


def test_only_the_requester_sees_an_approved_token(approvals: ApprovalScenario) -> None:
    """Nothing is shown before the approval; afterwards only the requester sees the engine's own join command."""
    after = len(approvals.slack.transcript())
    job = approvals.asks("cleo", "token manager")
    approvals.slack.wait_to_see("cleo", "It needs approval first, in", after=after, private=True)
    assert not any("SWMTKN" in seen.text for seen in approvals.slack.transcript(after))
    approvals.press("dan", job, "Approve")
    shown = approvals.slack.wait_to_see("cleo", "SWMTKN", after=after, private=True, timeout=20)
    assert approvals.fleet["host-1"].docker("swarm", "join-token", "-q", "manager").strip() in shown.text
    assert not any("SWMTKN" in seen.text for seen in approvals.slack.transcript(after) if not seen.private)


def test_plan_changes_nothing(approvals: ApprovalScenario) -> None:
    """``--plan`` only shows the steps to the requester."""
    after = len(approvals.slack.transcript())
    approvals.slack.slash("cleo", "prod", "promote host-2 --plan")
    shown = approvals.slack.wait_to_see("cleo", "Plan only", after=after, private=True, timeout=20)
    assert "promoting `host-2` to manager" in shown.text
    assert approvals.managers() == {"host-1"}
    approvals.slack.slash("ada", "prod", "token worker --plan")
    approvals.slack.wait_to_see("ada", "`/swarm token worker` changes nothing", after=after, private=True, timeout=20)


def test_freeze_needs_one_more_approval(approvals: ApprovalScenario) -> None:
    """The channel and the status say so; a worker's join, which needs nobody otherwise, waits for one.

    The thaw names what still waits, and how it continues without that approval.
    """
    after = len(approvals.slack.transcript())
    approvals.slack.slash("dan", "prod", 'freeze --until 4h --reason "sale"')
    approvals.slack.wait_to_see("dan", "is frozen", after=after, private=True)
    approvals.slack.wait_to_see("eve", "*prod is frozen* by <@U0DAN> until", after=after, private=False)
    try:
        approvals.slack.slash("eve", "prod", "status")
        approvals.slack.wait_to_see(
            "eve", 'by <@U0DAN>: "sale" · each change needs one more approval', after=after, private=True
        )
        job = approvals.asks("ada", "join worker host-4")
        approvals.press("dan", job, "Approve")
        approvals.ends(job, "succeeded")
        waits = approvals.asks("ada", "label host-3 thawed=yes")
    finally:
        approvals.slack.slash("dan", "prod", "thaw")
    told = approvals.slack.wait_to_see("eve", "*prod is thawed* by <@U0DAN>", after=after, private=False)
    assert f"`/swarm cancel {waits}`, then the same order." in told.text
    for words in (f"cancel {waits}", "label host-3 thawed=yes"):
        approvals.slack.slash("ada", "prod", words)
    labels = ("node", "inspect", "host-3", "--format", "{{.Spec.Labels.thawed}}")
    approvals.until(lambda: approvals.fleet["host-1"].docker(*labels).strip() == "yes")
    said = approvals.fleet["host-1"].docker("node", "ls", "--format", "{{.Hostname}}")
    assert "host-4" in said.split()


def test_a_freeze_that_is_over_by_itself_is_told(approvals: ApprovalScenario) -> None:
    """A second freeze makes it shorter and says so. Its end names what waits still, as does the same order again."""
    slack, after = approvals.slack, len(approvals.slack.transcript())
    slack.slash("dan", "prod", 'freeze --until 4h --reason "sale"')
    slack.wait_to_see("dan", "is frozen", after=after, private=True)
    waits = approvals.asks("ada", "label host-3 frozen=yes")
    slack.slash("cleo", "prod", 'freeze --until 2s --reason "sold out"')
    slack.wait_to_see(
        "eve", "*The freeze is shorter now*: it replaces the one that <@U0DAN> set", after=after, private=False
    )
    told = slack.wait_to_see("eve", "*prod is not frozen any more*", after=after, private=False, timeout=20)
    assert f"`/swarm cancel {waits}`, then the same order." in told.text
    slack.slash("ada", "prod", "label host-3 frozen=yes")
    again = "is over. Requested again it needs no approval: "
    slack.wait_to_see("ada", f"{again}`/swarm cancel {waits}`, then the same", after=after, private=True)
    slack.slash("ada", "prod", f"cancel {waits}")
    assert sum("is not frozen any more" in entry.text for entry in slack.transcript()[after:]) == 1


def test_a_change_of_the_service_voids_the_approval_and_a_moved_task_does_not(approvals: ApprovalScenario) -> None:
    """The approval holds for the spec that the plan shows, wherever its tasks run."""
    manager = approvals.fleet["host-1"]
    manager.docker(
        "service", "create", "--detach", "--no-resolve-image", "--name", "web", "--replicas", "2", TASK_IMAGE
    )
    running = ("service", "ps", "web", "-q", "--filter", "desired-state=running")
    approvals.until(lambda: len(manager.docker(*running).split()) == 2)
    _status(approvals)  # so that the service's name is known
    after = len(approvals.slack.transcript())
    approvals.slack.slash("dan", "prod", 'freeze --until 4h --reason "sale"')
    approvals.slack.wait_to_see("dan", "is frozen", after=after, private=True)
    try:
        job = approvals.asks("ada", "update web --env A=1")
        manager.docker("service", "update", "--detach", "--label-add", "by=hand", "web")
        approvals.press("dan", job, "Approve")
        assert approvals.ends(job, "cancelled").state == "void"
        assert "the service `web` was changed" in approvals.approval(job).why
        again = approvals.asks("ada", "update web --env A=2")
        before = manager.docker(*running)
        manager.docker("node", "update", "--availability", "drain", "host-2")
        manager.docker("node", "update", "--availability", "drain", "host-3")
        approvals.until(lambda: manager.docker(*running) != before)
        approvals.press("dan", again, "Approve")
        approvals.ends(again, "succeeded")
    finally:
        approvals.slack.slash("dan", "prod", "thaw")
    env = manager.docker("service", "inspect", "web", "--format", "{{.Spec.TaskTemplate.ContainerSpec.Env}}")
    assert env.strip() == "[A=2]"


def test_two_drains_that_together_leave_too_few_tasks(approvals: ApprovalScenario) -> None:
    """Each alone leaves as many as the label asks for. The second is planned again in its turn, and refused."""
    manager = approvals.fleet["host-1"]
    options = ("--replicas", "2", "--constraint", "node.role==worker", "--label", "swarmbot.min-available=1")
    mounted = ("--mount", "type=volume,source=data,target=/data", "--stop-grace-period", "1s")
    manager.docker("service", "create", "--detach", "--name", "web", *options, *mounted, TASK_IMAGE)
    approvals.until(lambda: _running_on(approvals) == {"host-2", "host-3"})
    approvals.slack.slash("cleo", "prod", "freeze --until 1h --reason test")
    approvals.slack.wait_to_see("cleo", "prod is frozen", timeout=20)
    jobs = [approvals.asks("cleo", f"drain {name}") for name in ("host-2", "host-3")]
    for job in jobs:
        approvals.press("dan", job, "Approve")
    approvals.ends(jobs[0], "succeeded")
    approval = approvals.ends(jobs[1], "cancelled")
    assert approval.state == "void"
    assert "asks for 1, and none would run" in approval.why
    assert _running_on(approvals) == {"host-3"}
    approvals.slack.slash("cleo", "prod", "thaw")
    approvals.slack.wait_to_see("cleo", "thawed", timeout=20)


def _running_on(approvals: ApprovalScenario) -> set[str]:
    """Return the nodes that run a task of ``web``."""
    form = ("--filter", "desired-state=running", "--format", "{{.CurrentState}} {{.Node}}")
    rows = map(str.split, approvals.fleet["host-1"].docker("service", "ps", "web", *form).splitlines())
    return {row[-1] for row in rows if row[0] == "Running"}
