"""People type, press and read in the page: each sees what is theirs, and sees it change."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from bot.blocks import data_table
from sandbox.fleet.shell import await_found
from sandbox.slack import LocalSlack
from tests.browser.conftest import OpenWindow
from tests.kits.browser import feed, type_text
from tests.kits.scripted_bot import TOKEN, ScriptedBot


def test_a_token_is_seen_by_one_person_and_never_sent_to_another(window: OpenWindow, slack: LocalSlack) -> None:
    """The other person's window receives no byte of it: not as a message, not in the inspector, not after a reload."""
    ada, ben = window("ada"), window("ben", panel="inspector")
    received: list[str] = []
    client = ben.context.new_cdp_session(ben)
    client.send("Network.enable")
    client.on("Network.eventSourceMessageReceived", lambda event: received.append(event["data"]))
    type_text(ada, "/swarm token worker")
    expect(feed(ada)).to_contain_text(TOKEN)
    expect(feed(ada).locator(".only-you")).to_have_count(1)
    expect(ben.locator(".exchange").filter(has_text="response_url")).to_have_count(1)
    ada.reload()
    expect(feed(ada)).to_contain_text(TOKEN)
    slack.say("ada", "prod", "have you seen it?")
    expect(feed(ben)).to_contain_text("have you seen it?")
    assert any("have you seen it?" in data for data in received)
    assert not any(TOKEN in data for data in received)
    feed(ada).get_by_role("button", name="Hide").click()
    expect(feed(ada)).not_to_contain_text(TOKEN)


def test_steps_are_seen_live_by_everybody(window: OpenWindow, bot: ScriptedBot) -> None:
    """A job's card changes in both windows while it runs, and says that it was edited."""
    ada, eve = window("ada"), window("eve")
    type_text(ada, "/swarm join worker host-3")
    for page in (ada, eve):
        expect(feed(page).locator(".task.in_progress")).to_have_text("Ask host-3 to join (running)")
    bot.finish_step()
    bot.finish_step()
    for page in (ada, eve):
        expect(feed(page)).to_contain_text("1 worker joined prod")
        expect(feed(page).locator(".task.complete")).to_have_count(2)
        expect(feed(page)).to_contain_text("(edited)")
    expect(feed(eve)).not_to_contain_text("/swarm join")  # what somebody typed is theirs


def test_a_second_person_approves_after_a_confirmation(window: OpenWindow) -> None:
    """The requester's own press is refused in private; a second person confirms and approves, and both see it."""
    cleo, dan = window("cleo"), window("dan")
    type_text(cleo, "/swarm promote host-3")
    feed(cleo).get_by_role("button", name="Approve").click()
    cleo.get_by_role("dialog", name="Approve").get_by_role("button", name="Approve").click()
    expect(feed(cleo)).to_contain_text("You cannot approve your own request.")
    expect(feed(dan)).not_to_contain_text("You cannot approve")
    feed(dan).get_by_role("button", name="Approve").click()
    dan.get_by_role("dialog").get_by_role("button", name="Back").click()
    expect(feed(dan).get_by_role("button", name="Approve")).to_be_visible()
    feed(dan).get_by_role("button", name="Approve").click()
    dan.get_by_role("dialog").get_by_role("button", name="Approve").click()
    for page in (cleo, dan):
        expect(feed(page)).to_contain_text("✓ Approved by @dan")


def test_the_command_is_completed_from_the_registry(window: OpenWindow) -> None:
    """Commands, choices and flags follow as people type; Tab takes one, and the usage is shown."""
    ada = window("ada")
    box, options = ada.locator("#composer"), ada.get_by_role("listbox", name="Commands").get_by_role("option")
    box.press_sequentially("/sw")
    box.press("Tab")
    box.press_sequentially("jo")
    expect(options.first).to_contain_text("/swarm join")
    box.press("Tab")
    expect(ada.locator("#composer-usage")).to_contain_text("/swarm join worker|manager HOST…")
    box.press("ArrowDown")
    box.press("Enter")
    assert box.input_value() == "/swarm join worker "
    box.press_sequentially("--rea")
    expect(options).to_have_count(1)
    box.press("Escape")
    expect(options).to_have_count(0)


def test_a_choice_in_a_menu_reaches_the_bot(window: OpenWindow, bot: ScriptedBot) -> None:
    """A select sends its value."""
    ada = window("ada")
    type_text(ada, "/swarm hosts")
    feed(ada).get_by_role("combobox", name="Choose a host").select_option("host-2")
    assert await_found(lambda: bot.chosen, "a choice that the bot received", timeout=60) == ["host-2"]


def test_a_data_table_is_sorted_and_paged(window: OpenWindow, bot: ScriptedBot) -> None:
    """By the column whose head is pressed; the numbers of hosts count as numbers."""
    ada = window("ada")
    names = [f"host-{number}" for number in (11, 2, *range(3, 11), *range(12, 31))]
    bot.post("C0PROD", [data_table("Nodes of prod", ["NODE", "STATE"], [[name, "ready"] for name in names])])
    found = feed(ada).locator(".data-table")
    expect(found).to_contain_text("Nodes of prod")
    expect(found.locator("tbody tr").first).to_contain_text("host-11")
    expect(found).to_contain_text("of 29")
    found.get_by_role("button", name="NODE").click()
    expect(found.locator("tbody tr").first).to_contain_text("host-2")
    expect(found.get_by_role("columnheader", name="NODE")).to_have_attribute("aria-sort", "ascending")
    found.get_by_role("button", name="Next").click()
    expect(found.locator("tbody tr")).to_have_count(9)
    expect(found.locator("tbody tr").last).to_contain_text("host-30")
    expect(found.get_by_role("button", name="Previous")).to_be_focused()


def test_markup_of_others_stays_text(window: OpenWindow) -> None:
    """Neither HTML nor mentions in data become markup; code is not read for bold."""
    ada = window("ada")
    type_text(ada, "/swarm why")
    message = feed(ada).locator(".message").last
    expect(message).to_contain_text("<img src=x onerror=alert(1)> <!channel> a *b* c <script>alert(2)</script>")
    assert message.locator("img, script, .broadcast, strong:not(.author)").count() == 0


def test_what_cannot_be_drawn_is_shown_as_json(window: OpenWindow, slack: LocalSlack) -> None:
    """A block of an unknown type, or one with a wrong shape, is shown and breaks nothing else."""
    ada = window("ada")
    with slack.workspace.changed:
        blocks: list[dict[str, Any]] = [{"type": "hologram", "depth": 3}, {"type": "table", "rows": None}]
        message = slack.workspace.post("U0SWARM", "C0PROD", "fallback")
        slack.workspace.edit(message, "fallback", None)
        message.blocks = blocks
    slack.workspace.tell()
    slack.say("ada", "prod", "still here")
    ada.reload()
    expect(feed(ada)).to_contain_text('"type": "hologram"')
    expect(feed(ada)).to_contain_text("could not be drawn")
    expect(feed(ada)).to_contain_text("still here")


@pytest.mark.parametrize(
    ("look", "shown"),
    [
        ("Older blocks", "▸ Ask host-3 to join"),
        ("Fallback text", re.compile("Adding 1 worker to prod$")),
        ("JSON", '"task_card"'),
    ],
)
def test_a_message_is_shown_in_other_ways(window: OpenWindow, look: str, shown: str) -> None:
    """The switch of a message shows the older blocks, the fallback text and the JSON."""
    ada = window("ada")
    type_text(ada, "/swarm join worker host-3")
    feed(ada).get_by_role("combobox", name="Show this message as").select_option(look)
    expect(feed(ada).locator(".message .message-body").last).to_contain_text(shown)


def test_replies_are_in_a_thread(window: OpenWindow, bot: ScriptedBot) -> None:
    """Replies are counted at their message, and a reply of a person goes into the thread alone."""
    ben = window("ben")
    ts = bot.post("C0PROD", [], "an incident")
    bot.reply("C0PROD", ts, "host-3 is back")
    feed(ben).get_by_role("button", name="1 reply").click()
    thread = ben.get_by_role("log", name="Thread")
    expect(thread).to_contain_text("host-3 is back")
    expect(feed(ben)).not_to_contain_text("host-3 is back")
    ben.locator("#reply").fill("thanks")
    ben.locator("#reply").press("Enter")
    expect(thread).to_contain_text("thanks")
    expect(feed(ben).get_by_role("button", name="2 replies")).to_be_visible()
