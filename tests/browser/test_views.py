"""Forms, Home, faults of Slack, and the page's own protection."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from bot.blocks import section, when
from sandbox.slack import LocalSlack
from tests.browser.conftest import OpenWindow
from tests.kits.browser import feed, type_text
from tests.kits.scripted_bot import TOO_SHORT, ScriptedBot


def test_a_form_stays_open_until_its_fields_are_right(window: OpenWindow, bot: ScriptedBot) -> None:
    """An empty field is Slack's error, a wrong one the bot's; both are at the field, and nothing typed is lost."""
    dan, cleo = window("dan"), window("cleo")
    type_text(dan, "/swarm deny k7f3")
    form = dan.get_by_role("dialog", name="Deny")
    form.get_by_role("button", name="Deny").click()
    expect(form.get_by_role("alert")).to_have_text("Please complete this required field.")
    form.get_by_label("Reason").fill("no")
    form.get_by_label("Reason").press("Enter")
    expect(form.get_by_role("alert")).to_have_text(TOO_SHORT)
    expect(form.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    expect(form.get_by_label("Reason")).to_be_focused()
    expect(cleo.get_by_role("dialog")).to_have_count(0)
    dan.reload()
    form.get_by_label("Reason").fill("host-2 is down")
    form.get_by_role("button", name="Deny").click()
    expect(form).to_have_count(0)
    assert bot.reasons == ["host-2 is down"]


def test_a_form_that_the_bot_updates_keeps_what_was_entered(window: OpenWindow, bot: ScriptedBot) -> None:
    """A choice is reported at once; the bot shows the words for it, and what was entered before stays."""
    ben = window("ben")
    type_text(ben, "/swarm silence")
    form = ben.get_by_role("dialog", name="Silence")
    form.get_by_label("Reason").fill("new disks")
    form.get_by_role("group", name="Also").get_by_label("host-1").check()
    form.get_by_label("Node").focus()
    form.get_by_label("Node").select_option("host-2")
    expect(form).to_contain_text("/swarm silence host-2 new disks")
    expect(form.get_by_label("Reason")).to_have_value("new disks")
    expect(form.get_by_label("Node")).to_have_value("host-2")
    expect(form.get_by_label("Node")).to_be_focused()
    form.get_by_role("button", name="Silence").click()
    expect(form).to_have_count(0)
    assert bot.chosen == ["host-2", "host-1"]


def test_a_form_that_replaces_another_is_submitted_alone(window: OpenWindow, bot: ScriptedBot) -> None:
    """The submission of the second form has its own inputs only, not the box that was reported of the first."""
    ben = window("ben")
    type_text(ben, "/swarm deploy")
    form = ben.get_by_role("dialog", name="Deploy")
    form.get_by_label("--file").check()
    form.get_by_role("button", name="Deploy").click()
    form.get_by_role("textbox", name="Compose file").fill("services: {}")
    form.get_by_role("button", name="Deploy").click()
    expect(form).to_have_count(0)
    assert bot.reasons == ["services: {}"]


def test_home_is_each_persons_own(window: OpenWindow) -> None:
    """Opening Home asks the bot for it; it is shown to that person."""
    ada = window("ada")
    ada.get_by_role("button", name="Swarmbot Home").click()
    expect(ada.locator(".home")).to_contain_text("Home of @ada")
    expect(ada.get_by_role("heading", level=1)).to_have_text("Swarmbot Home")


def test_a_shortcut_opens_its_view(window: OpenWindow) -> None:
    """For the person who chose it."""
    ada, ben = window("ada"), window("ben")
    ada.get_by_role("button", name="Swarmbot menu").click()
    expect(ada.get_by_role("dialog", name="Swarmbot").get_by_role("button", name="Status")).to_be_visible()
    expect(ben.get_by_role("dialog")).to_have_count(0)


def test_a_person_writes_to_the_bot_directly(window: OpenWindow, slack: LocalSlack) -> None:
    """The direct messages open with the first message, and only that person has them."""
    ada, ben = window("ada"), window("ben")
    ada.get_by_role("button", name="Message Swarmbot").click()
    type_text(ada, "hello")
    expect(feed(ada)).to_contain_text("hello")
    slack.say("ben", "prod", "nothing of that here")
    expect(feed(ben)).to_contain_text("nothing of that here")
    expect(ben.get_by_text("hello")).to_have_count(0)


def test_a_fault_of_slack_is_injected_and_inspected(window: OpenWindow) -> None:
    """The inspector shows that a call broke, and the person sees Slack's own error for a lost answer."""
    ada = window("ada", panel="inspector")
    ada.get_by_role("button", name="Lose the next private message").click()
    expect(ada.get_by_role("complementary", name="Details")).to_contain_text("Waiting: lose a private message")
    type_text(ada, "/swarm nodes")
    expect(ada.locator(".exchange").filter(has_text="response_url")).to_have_count(1)
    expect(ada.get_by_role("complementary", name="Details")).to_contain_text("None is waiting.")
    expect(feed(ada)).not_to_contain_text("2 of 2 nodes")
    command = ada.locator(".exchange").filter(has_text="command")
    command.locator("summary").click()
    expect(command).to_contain_text('"token": "***"')
    expect(command).to_contain_text('"text": "nodes"')


def test_a_window_takes_up_again_after_the_connection_was_lost(window: OpenWindow, slack: LocalSlack) -> None:
    """The page says that it is cut off; what happened meanwhile is there afterwards."""
    ada = window("ada")
    ada.context.set_offline(True)
    slack._loop.call_soon_threadsafe(slack.page.close)
    slack.say("ben", "prod", "while you were away")
    expect(ada.get_by_role("alert").filter(has_text="connection")).to_be_visible()
    ada.context.set_offline(False)
    expect(feed(ada)).to_contain_text("while you were away")


def test_a_reload_loses_nothing(window: OpenWindow, bot: ScriptedBot) -> None:
    """The place, the open thread, and what was typed and not sent are there again; each channel has its own draft."""
    ben = window("ben", panel="hosts")
    ts = bot.post("C0LAB", [], "an incident")
    bot.reply("C0LAB", ts, "host-3 is back")
    ben.locator("#composer").fill("/swarm drain")
    ben.get_by_role("button", name="lab").click()
    expect(ben.locator("#composer")).to_have_value("")
    ben.locator("#composer").fill("half a sentence")
    feed(ben).get_by_role("button", name="1 reply").click()
    ben.locator("#reply").fill("half a reply")
    ben.reload()
    expect(ben.get_by_role("heading", level=1)).to_have_text("# lab")
    expect(ben.get_by_role("log", name="Thread")).to_contain_text("host-3 is back")
    expect(ben.locator("#composer")).to_have_value("half a sentence")
    expect(ben.locator("#reply")).to_have_value("half a reply")
    ben.get_by_role("button", name="prod").click()
    expect(ben.locator("#composer")).to_have_value("/swarm drain")


@pytest.mark.parametrize(("zone", "shown"), [("Europe/Berlin", "13:30"), ("America/New_York", "07:30")])
def test_times_are_those_of_the_reader(window: OpenWindow, bot: ScriptedBot, zone: str, shown: str) -> None:
    """A message carries the moment; each window shows it by its own clock."""
    eve = window("eve", zone=zone)
    moment = datetime(2026, 12, 1, 12, 30, tzinfo=UTC)
    bot.post("C0PROD", [section(f"expires {when(moment.timestamp())}")])
    expect(feed(eve)).to_contain_text(f"at {shown}")


@pytest.mark.parametrize(
    ("headers", "path"),
    [
        ({"Origin": "http://evil.example"}, "/page/do/type"),
        ({"Origin": "null"}, "/page/do/type"),
        ({"Sec-Fetch-Site": "cross-site"}, "/page/do/type"),
        ({"Host": "evil.example"}, "/page/do/type"),
        ({"Origin": "http://evil.example"}, "/control/slash"),
        ({"Host": "evil.example:80"}, "/control/slash"),
    ],
)
def test_another_website_cannot_type_commands(slack: LocalSlack, headers: dict[str, str], path: str) -> None:
    """A request with a foreign origin or name is refused, and nothing was typed."""
    body = {"as": "ada", "user": "ada", "channel": "C0PROD", "text": "/swarm status"}
    request = urllib.request.Request(  # noqa: S310 - the local Slack
        slack.url + path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}
    )
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request, timeout=5)  # noqa: S310 - likewise
    assert slack.transcript() == []


def test_a_form_of_another_type_than_json_is_refused(slack: LocalSlack) -> None:
    """A browser sends text/plain to other sites without asking."""
    request = urllib.request.Request(  # noqa: S310 - the local Slack
        f"{slack.url}/page/do/type", b'{"as": "ada"}', {"Content-Type": "text/plain"}
    )
    with pytest.raises(urllib.error.HTTPError, match="415"):
        urllib.request.urlopen(request, timeout=5)  # noqa: S310 - likewise
