"""Who may do what, as people meet it: refusals are told, written down, and change nothing."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from sandbox.slack.faults import Kind
from tests.kits.scenario import Play


def group(play: Play, handle: str, users: Iterable[str]) -> None:
    """Change a user group in Slack."""
    with play.slack.workspace.changed:
        play.slack.team.set_group(handle, users)


def test_a_refusal_is_told_and_written_down(play: Play) -> None:
    """The refused reads what it takes; the audit log has the attempt; the engine was not asked."""
    answer = play.ask("eve", "init host-1")
    assert answer.startswith("You can't run `/swarm init host-1` in prod: it needs @admins.")
    assert "`/swarm whoami`" in answer
    assert play.membership("host-1") == "inactive"
    written = play.ask("ada", "audit --by @eve")
    assert "was refused" in written
    assert "`/swarm init host-1`" in written
    assert play.public() == ""


def test_a_button_is_no_way_round_the_rules(play: Play) -> None:
    """Whoever may not type a command may not press it either, on a card that everybody sees."""
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


def test_slacks_user_groups_decide(play: Play) -> None:
    """Somebody who is put into the operators' group in Slack may operate; swarmbot.yml was not touched."""
    play.cluster()
    group(play, "ops", ["U0ADA", "U0BEN", "U0EVE"])
    try:
        assert play.change("eve", "join worker host-2").text.startswith("✓")
    finally:
        group(play, "ops", ["U0ADA", "U0BEN"])
    assert play.nodes()["host-2"] == "Ready Active"


@pytest.mark.parametrize("fault", ["http_500", "drop", "slow", "rate_limited"])
def test_when_slack_does_not_say_who_is_in_a_group_nothing_is_done(play: Play, fault: Kind) -> None:
    """The person is told within Slack's three seconds; what everybody may do still works."""
    play.slack.fault(fault, "usergroups.users.list", seconds=30)
    answer = play.ask("cleo", "init host-1")
    assert "Slack did not say who is in" in answer
    assert "Nothing was done" in answer
    assert play.membership("host-1") == "inactive"
    assert "prod is not initialised" in play.ask("cleo", "status")
