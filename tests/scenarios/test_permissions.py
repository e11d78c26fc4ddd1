"""Permissions: a refusal is explained, recorded, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from sandbox.slack.faults import Kind
from tests.kits.scenario import Scenario


def set_group(scenario: Scenario, handle: str, users: Iterable[str]) -> None:
    """Set the members of a user group in Slack."""
    with scenario.slack.workspace.changed:
        scenario.slack.team.set_group(handle, users)


def test_a_refusal_is_explained_and_recorded(scenario: Scenario) -> None:
    """The answer says who may do it; the audit log has the attempt; no engine call was made."""
    answer = scenario.ask("eve", "init host-1")
    assert answer.startswith("You can't run `/swarm init host-1` in prod: it needs @admins.")
    assert "`/swarm whoami`" in answer
    assert scenario.membership("host-1") == "inactive"
    written = scenario.ask("ada", "audit --by @eve")
    assert "was refused" in written
    assert "`/swarm init host-1`" in written
    assert scenario.public() == ""


def test_a_button_needs_the_same_permission(scenario: Scenario) -> None:
    """A person who may not run a command cannot press its button on a public card either."""
    scenario.cluster()
    scenario["host-2"].block(2377, direction="out")
    card = scenario.change("ada", "join worker host-2")
    scenario["host-2"].fix()
    after = scenario.now
    scenario.slack.click("eve", card.seen, "Retry")
    assert scenario.answer("eve", after).text.startswith(
        "You can't run `/swarm join worker host-2` in prod: it needs @operators"
    )
    assert scenario.membership("host-2") == "inactive"


def test_user_groups_in_slack_grant_permissions(scenario: Scenario) -> None:
    """A person who is added to the operators' group in Slack may operate, without a change of swarmbot.yml."""
    scenario.cluster()
    set_group(scenario, "operators", ["U0ADA", "U0BEN", "U0EVE"])
    try:
        assert scenario.change("eve", "join worker host-2").text.startswith("✓")
    finally:
        set_group(scenario, "operators", ["U0ADA", "U0BEN"])
    assert scenario.nodes()["host-2"] == "Ready Active"


@pytest.mark.parametrize("fault", ["http_500", "drop", "slow", "rate_limited"])
def test_unknown_group_members_are_refused(scenario: Scenario, fault: Kind) -> None:
    """Without an answer from Slack the person is told within three seconds; commands for everybody still work."""
    scenario.slack.fault(fault, "usergroups.users.list", seconds=30)
    answer = scenario.ask("cleo", "init host-1")
    assert "Slack did not say who is in" in answer
    assert "nothing was done" in answer
    assert scenario.membership("host-1") == "inactive"
    assert "prod is not initialised" in scenario.ask("cleo", "status")
