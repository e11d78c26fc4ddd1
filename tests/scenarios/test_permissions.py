"""Permissions: a refusal is explained, recorded, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from sandbox.slack.faults import Kind
from tests.kits.scenario import Play


def set_group(play: Play, handle: str, users: Iterable[str]) -> None:
    """Set the members of a user group in Slack."""
    with play.slack.workspace.changed:
        play.slack.team.set_group(handle, users)


def test_a_refusal_is_explained_and_recorded(play: Play) -> None:
    """The answer says who may do it; the audit log has the attempt; no engine call was made."""
    answer = play.ask("eve", "init host-1")
    assert answer.startswith("You can't run `/swarm init host-1` in prod: it needs @admins.")
    assert "`/swarm whoami`" in answer
    assert play.membership("host-1") == "inactive"
    written = play.ask("ada", "audit --by @eve")
    assert "was refused" in written
    assert "`/swarm init host-1`" in written
    assert play.public() == ""


def test_a_button_needs_the_same_permission(play: Play) -> None:
    """A person who may not run a command cannot press its button on a public card either."""
    play.cluster()
    play["host-2"].block(2377, direction="out")
    card = play.change("ada", "join worker host-2")
    play["host-2"].fix()
    after = play.now
    play.slack.click("eve", card.seen, "Retry")
    assert play.answer("eve", after).text.startswith(
        "You can't run `/swarm join worker host-2` in prod: it needs @operators"
    )
    assert play.membership("host-2") == "inactive"


def test_user_groups_in_slack_grant_permissions(play: Play) -> None:
    """A person who is added to the operators' group in Slack may operate, without a change of swarmbot.yml."""
    play.cluster()
    set_group(play, "ops", ["U0ADA", "U0BEN", "U0EVE"])
    try:
        assert play.change("eve", "join worker host-2").text.startswith("✓")
    finally:
        set_group(play, "ops", ["U0ADA", "U0BEN"])
    assert play.nodes()["host-2"] == "Ready Active"


@pytest.mark.parametrize("fault", ["http_500", "drop", "slow", "rate_limited"])
def test_unknown_group_members_are_refused(play: Play, fault: Kind) -> None:
    """Without an answer from Slack the person is told within three seconds; commands for everybody still work."""
    play.slack.fault(fault, "usergroups.users.list", seconds=30)
    answer = play.ask("cleo", "init host-1")
    assert "Slack did not say who is in" in answer
    assert "Nothing was done" in answer
    assert play.membership("host-1") == "inactive"
    assert "prod is not initialised" in play.ask("cleo", "status")
