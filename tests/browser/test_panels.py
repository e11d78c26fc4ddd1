"""The hosts and the tour beside the channel."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from playwright.sync_api import expect

from sandbox.slack import LocalSlack
from tests.browser.conftest import OpenWindow
from tests.kits.browser import feed

HOST: dict[str, Any] = {
    "name": "host-1",
    "address": "192.0.2.1",
    "power": True,
    "engine": "running",
    "role": "manager",
    "state": "ready",
    "availability": "active",
    "standing": "manager, leader",
    "tasks": 2,
    "faults": "",
    "port": "",
    "switches": [
        {"name": "power", "label": "Power", "on": True},
        {"name": "cable", "label": "Cable", "on": True},
        {"name": "engine", "label": "Engine", "on": True},
        {"name": "shell", "label": "Slow shell", "on": False},
    ],
    "busy": "",
}


EFFECTS: dict[str, dict[str, Any]] = {
    "power": {"power": False},
    "cable": {"faults": "cable cut", "state": "down"},
    "engine": {"engine": "stopped", "state": "down"},
    "shell": {},
}
"""What is read of a host whose switch was changed."""


class Panel:
    """Hosts that are only drawn: what a switch does is shown at once."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self.state: dict[str, Any] = {"hosts": [HOST], "readFrom": "host-1", "error": "", "ports": ["2377/tcp"]}

    def switch(self, name: str, switch: str, *, on: bool) -> None:
        """Switch it."""
        assert name == "host-1"
        switches = [each | {"on": on if each["name"] == switch else each["on"]} for each in HOST["switches"]]
        changed = on != next(each["on"] for each in HOST["switches"] if each["name"] == switch)
        self.state = self.state | {"hosts": [HOST | (EFFECTS[switch] if changed else {}) | {"switches": switches}]}
        self._slack.workspace.tell()

    def block(self, name: str, port: str) -> None:
        """Block a port."""
        self.state = self.state | {"hosts": [HOST | {"name": name, "port": port, "faults": f"{port} in blocked"}]}
        self._slack.workspace.tell()


def test_hosts_are_switched_and_shown_live(window: OpenWindow, slack: LocalSlack) -> None:
    """A switch reaches the host, and every window shows the new state."""
    slack.page.hosts = Panel(slack)  # type: ignore[assignment] # it has what the page uses
    ada, ben = window("ada", panel="hosts"), window("ben", panel="hosts")
    host = ada.get_by_role("region", name="host-1")
    expect(host).to_contain_text("192.0.2.1 · ready, active · 2 tasks")
    host.get_by_role("switch", name="Power").click()
    expect(ben.get_by_role("region", name="host-1")).to_contain_text("power off")
    host.get_by_role("combobox", name="Blocked port of host-1").select_option("2377/tcp")
    expect(ben.get_by_role("region", name="host-1")).to_contain_text("2377/tcp in blocked")


@pytest.mark.parametrize(
    ("switch", "shown"), [("Cable", "cable cut"), ("Engine", "engine stopped · down"), ("Slow shell", "ready, active")]
)
def test_each_switch_of_a_host_is_pressed_and_undone(
    window: OpenWindow, slack: LocalSlack, switch: str, shown: str
) -> None:
    """Somebody else sees the switch and what the host is then, and switches it back."""
    slack.page.hosts = Panel(slack)  # type: ignore[assignment] # it has what the page uses
    ada, ben = window("ada", panel="hosts"), window("ben", panel="hosts", width=390)
    mine, theirs = (page.get_by_role("region", name="host-1").get_by_role("switch", name=switch) for page in (ada, ben))
    before = mine.is_checked()
    mine.click()
    expect(theirs).to_be_checked(checked=not before)
    expect(ben.get_by_role("region", name="host-1")).to_contain_text(shown)
    theirs.click()
    expect(mine).to_be_checked(checked=before)
    expect(ada.get_by_role("region", name="host-1")).to_contain_text("ready, active")
    expect(ada.get_by_role("region", name="host-1")).not_to_contain_text("cable cut")


def test_escape_closes_the_panel_that_covers_a_phone(window: OpenWindow) -> None:
    """The focus is back on the button that opens it."""
    ada = window("ada", width=390, panel="hosts")
    ada.keyboard.press("Escape")
    expect(ada.get_by_role("complementary", name="Details")).to_be_hidden()
    expect(ada.get_by_role("button", name="Hosts")).to_be_focused()


def test_a_scene_that_failed_is_skipped(window: OpenWindow, slack: LocalSlack) -> None:
    """Its text is drawn as Slack's markup, with a button to try again and one to skip."""
    lines = ["It needs `host-5` outside the cluster: type `/swarm remove host-5`."]
    state = {"number": 4, "total": 6, "title": "A tour", "text": "", "lines": lines, "person": "", "state": "unmet"}
    skipped: list[bool] = []
    tour = SimpleNamespace(state={**state, "next": "Try again", "skip": "Skip this scene"})
    tour.go_on = lambda *, skip: skipped.append(skip)
    slack.page.tour = tour  # type: ignore[assignment] # it has what the page uses
    part = window("ada").get_by_role("region", name="Guided tour")
    expect(part.locator("code").last).to_have_text("/swarm remove host-5")
    with part.page.expect_response("**/page/do/tour"):
        part.get_by_role("button", name="Skip this scene").click()
    assert skipped == [True]


def test_a_tour_that_has_ended_is_closed(window: OpenWindow, slack: LocalSlack) -> None:
    """It gives its room to the messages, also after a reload."""
    state = {"number": 6, "total": 6, "title": "A tour", "text": "", "person": "", "state": "done", "next": ""}
    slack.page.tour = SimpleNamespace(state={**state, "lines": ["✓ seen"]})  # type: ignore[assignment] # likewise
    ada = window("ada", width=390)
    part = ada.get_by_role("region", name="Guided tour")
    part.get_by_role("button", name="Close the tour").click()
    expect(part).to_be_hidden()
    ada.reload()
    expect(ada.get_by_role("heading", level=1)).to_have_text("# prod")
    expect(part).to_be_hidden()


def test_lines_of_the_tour_are_shown_whole(window: OpenWindow, slack: LocalSlack) -> None:
    """The newest ones are shown if there are more than fit."""
    lines = [
        f"✓ seen on the engines {number}: {'managers host-1, host-2, workers host-3; ' * 3}" for number in range(4)
    ]
    state = {"number": 1, "total": 6, "title": "A tour", "text": "", "person": "", "state": "waiting", "next": "Next"}
    slack.page.tour = SimpleNamespace(state={**state, "lines": lines})  # type: ignore[assignment] # likewise
    seen = window("ada", panel="hosts").get_by_role("region", name="Guided tour").locator("ul")
    expect(seen.locator("li").last).to_be_in_viewport()
    begins_above = "row.offsetTop < list.offsetTop + list.scrollTop"
    ends_below = "row.offsetTop + row.offsetHeight > list.offsetTop + list.scrollTop + 1"
    cut = f"list => [...list.children].filter(row => {begins_above} && {ends_below}).length"
    assert seen.evaluate("list => list.scrollTop") > 0
    assert seen.evaluate(cut) == 0


def test_the_tour_goes_on_with_a_button_and_is_followed(window: OpenWindow, slack: LocalSlack) -> None:
    """The button begins the next scene; a window that follows becomes the person who acts."""
    waiting = {"number": 0, "total": 6, "title": "A tour", "text": "", "lines": [], "person": ""}
    tour = SimpleNamespace(state={**waiting, "state": "waiting", "next": "Begin"})

    def go_on(*, skip: bool) -> None:
        assert not skip
        tour.state = {**waiting, "state": "running", "person": "cleo", "lines": ["✓ seen"], "next": "Running…"}
        slack.workspace.tell()

    tour.go_on = go_on
    slack.page.tour = tour  # type: ignore[assignment] # it has what the page uses
    ada = window("ada")
    part = ada.get_by_role("region", name="Guided tour")
    part.get_by_label("Follow whoever acts").check()
    part.get_by_role("button", name="Begin").click()
    expect(part).to_contain_text("✓ seen")
    expect(ada).to_have_title("# prod as cleo: local Slack")


def test_the_newest_message_stays_in_sight_beside_a_longer_banner(window: OpenWindow, slack: LocalSlack) -> None:
    """Also after a reload: the banner takes its room from the older messages."""
    for number in range(30):
        slack.say("ben", "prod", f"message {number}")
    state = {"number": 1, "total": 6, "title": "A tour", "text": "", "lines": [], "person": "", "state": "running"}
    tour = SimpleNamespace(state={**state, "next": "Running…"})
    slack.page.tour = tour  # type: ignore[assignment] # it has what the page uses
    ada = window("ada", panel="hosts")
    newest = feed(ada).get_by_text("message 29")
    expect(newest).to_be_in_viewport()
    tour.state = {**tour.state, "text": "What to look for. " * 20, "lines": ["✓ seen"] * 9}
    slack.workspace.tell()
    expect(ada.get_by_role("region", name="Guided tour")).to_contain_text("✓ seen")
    expect(newest).to_be_in_viewport()
    ada.reload()
    expect(newest).to_be_in_viewport()
