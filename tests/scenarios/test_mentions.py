"""Messages to the bot, as Slack delivers them, do what slash commands do."""

from __future__ import annotations

import re

from sandbox.slack.messages import Message
from sandbox.slack.observer import Observer
from sandbox.tour.answer import INTERIM
from tests.kits.scenario import JOB, Scenario


def said(scenario: Scenario, user: str, text: str, channel: str = "prod") -> str:
    """Write a message, and return its ts."""
    scenario.slack.say(user, channel, text)
    who = scenario.slack.team.user(user).id
    return next(each.ts for each in reversed(scenario.slack.transcript()) if each.kind == "said" and each.who == who)


def replies(slack: Observer, ts: str) -> list[Message]:
    """Return the messages in a thread."""
    with slack.workspace.changed:
        return [each for each in slack.workspace.messages.everything if each.thread_ts == ts and not each.gone]


def answer(scenario: Scenario, ts: str) -> Message:
    """Wait for the answer in a thread."""

    def find(slack: Observer) -> Message | None:
        return next((each for each in replies(slack, ts) if not INTERIM.search(each.shown)), None)

    found = scenario.slack.wait_for(find, 60)
    assert found is not None
    return found


def test_a_question_is_answered_in_the_thread(scenario: Scenario) -> None:
    """In a channel, in a thread of it, and in a direct message; nobody else's message is answered."""
    scenario.cluster()
    ts = said(scenario, "eve", "@swarmbot status")
    assert "prod is healthy" in answer(scenario, ts).shown
    assert "[Refresh]" in answer(scenario, ts).shown
    direct = said(scenario, "eve", "status --cluster prod", "@swarmbot")
    assert "prod is healthy" in answer(scenario, direct).shown
    assert not scenario.slack.ephemerals("eve")
    other = said(scenario, "eve", "status of what?")
    assert replies(scenario.slack, other) == []


def test_a_change_is_made_once_although_it_is_delivered_twice(scenario: Scenario) -> None:
    """Its thread names the job, whose card is in the cluster's channel."""
    scenario.cluster()
    scenario.slack.fault("deliver_twice", "event", times=1)
    ts = said(scenario, "ada", "@swarmbot join worker host-2")
    found = scenario.slack.wait_for(lambda slack: next((m for m in replies(slack, ts) if JOB.search(m.text)), None))
    assert found
    after = next(each.number for each in scenario.slack.transcript() if each.ts == found.ts)
    job = JOB.search(found.text)
    assert job
    assert scenario.end(job[1], after=after).text.startswith("✓")
    assert scenario.nodes()["host-2"] == "Ready Active"
    assert len(replies(scenario.slack, ts)) == 1


def test_permissions_hold_in_messages(scenario: Scenario) -> None:
    """The refusal is in the thread, and in the audit log."""
    ts = said(scenario, "eve", "@swarmbot init host-1")
    assert "You can't run `/swarm init host-1` in prod: it needs @admins." in answer(scenario, ts).shown
    assert scenario.membership("host-1") == "inactive"
    assert "was refused" in scenario.ask("cleo", "audit --by @eve")


def test_a_token_is_in_no_thread(scenario: Scenario) -> None:
    """Only its requester sees it; the thread says so. In a direct message it is not kept either."""
    scenario.cluster()
    for channel, words in (("prod", "@swarmbot token worker"), ("@swarmbot", "token worker --cluster prod")):
        after = scenario.now
        ts = said(scenario, "ada", words, channel)
        shown = scenario.slack.wait_to_see("ada", "SWMTKN-1-", after=after, private=True)
        assert shown.private
        assert "only <@U0ADA> sees it" in answer(scenario, ts).shown
    with scenario.slack.workspace.changed:
        kept = [m.shown for m in scenario.slack.workspace.messages.everything if not m.only_for]
    assert not re.search("SWMTKN-1-[0-9a-z]{10}", "\n".join(kept))


def test_a_message_in_a_channel_of_no_cluster_may_choose_one(scenario: Scenario) -> None:
    """The same buttons as for a slash command there, and the answer in the same thread."""
    scenario.cluster()
    ts = said(scenario, "ada", "status", "@swarmbot")
    offered = answer(scenario, ts)
    assert "For which cluster?" in offered.shown
    scenario.slack.click("ada", offered, "prod")
    scenario.slack.wait_for(lambda slack: any("prod is healthy" in each.shown for each in replies(slack, ts)))
