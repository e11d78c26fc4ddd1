"""Orders for several nodes on real engines: one plan, one approval, one message; each node is seen to have changed."""

from __future__ import annotations

import pytest

from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.approval_scenario import ApprovalScenario
from tests.kits.scenario import Scenario


@pytest.mark.long
def test_workers_are_drained_and_removed_together(scenario: Scenario) -> None:
    """No task is left on either; what is drained already is not changed again; both leave in one order."""
    scenario.cluster(workers=("host-2", "host-3", "host-4"))
    manager = scenario["host-1"]
    manager.docker("service", "create", "--detach", "--name", "web", "--replicas", "6", TASK_IMAGE)
    running = ("service", "ls", "--format", "{{.Replicas}}")
    until(lambda: manager.docker(*running).strip() == "6/6", "web is fully running")

    card = scenario.change("ada", "drain host-2 host-3")
    assert card.text.startswith("✓ *2 nodes of prod are drained*"), card.text
    assert "active nodes 4 → 2" in card.text
    for name in ("host-2", "host-3"):
        assert f"{name} is drained and runs no tasks" in card.text
        assert scenario[name].docker("ps", "-q") == ""
        assert scenario.nodes()[name] == "Ready Drain"

    card = scenario.change("ada", "activate host-3 host-4")
    assert card.text.startswith("✓ *2 nodes of prod are active*"), card.text
    assert "host-4 is active, as before" in card.text
    refused = scenario.ask("ada", "drain host-3 host-33")
    assert refused.startswith("prod had no node `host-33`"), refused
    assert "Did you mean `host-3`?" in refused
    assert scenario.nodes()["host-3"] == "Ready Active"

    card = scenario.change("cleo", "remove host-2 host-3 host-4")
    assert card.text.startswith("✓ *3 nodes are removed from prod*"), card.text
    assert "4 → 1 nodes" in card.text
    assert scenario.nodes() == {"host-1": "Ready Active Leader"}
    assert {scenario.membership(name) for name in ("host-2", "host-3", "host-4")} == {"inactive"}
    until(lambda: manager.docker(*running).strip() == "6/6", "web is fully running on the node that is left")


def test_two_workers_become_managers_with_one_approval(approvals: ApprovalScenario) -> None:
    """The card shows the quorum after each; demoting both is judged as a whole, and needs force and two approvals."""
    job = approvals.asks("cleo", "promote host-2 host-3")
    card = approvals.card(job).shown
    for words in (
        "asks to promote `host-2` and `host-3` in prod",
        "managers 1 → 3, tolerates 0 → 1 failure",
        "after step 2: 3 of 3 reachable, 2 needed",
        "Needs 1 approval from @admins",
    ):
        assert words in card, card
    assert "then it runs" in approvals.press("dan", job, "Approve")
    approvals.ends(job, "succeeded")
    assert approvals.reachable() == {"host-1", "host-2", "host-3"}

    after = len(approvals.slack.transcript())
    approvals.slack.slash("cleo", "prod", "demote host-2 host-3")
    refused = approvals.slack.wait_to_see("cleo", "Refused", after=after, private=True).text
    assert (
        "prod tolerates 1 failure now and would tolerate none after this: 1 of 1 manager would be reachable" in refused
    )
    assert approvals.reachable() == {"host-1", "host-2", "host-3"}

    job = approvals.asks("cleo", "demote host-2 host-3 --force")
    assert "Needs 2 approvals" in approvals.card(job).shown
    for other in ("dan", "ada"):
        approvals.press(other, job, "Approve")
    approvals.ends(job, "succeeded")
    # host-1 may be a new leader, which applies what the last one has committed a moment later.
    until(lambda: approvals.managers() == {"host-1"}, "host-1 sees the others as workers")
    assert "✓ *2 nodes are workers of prod*" in approvals.card(job).shown
