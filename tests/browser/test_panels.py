"""The hosts and the tour beside the channel."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from playwright.sync_api import expect

from sandbox.slack import LocalSlack
from tests.browser.conftest import OpenWindow

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
    "switches": [{"name": "power", "label": "Power", "on": True}],
    "busy": "",
}


class Panel:
    """Hosts that are only drawn: switching the power off is shown at once."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self.state: dict[str, Any] = {"hosts": [HOST], "readFrom": "host-1", "error": "", "ports": ["2377/tcp"]}

    def switch(self, name: str, switch: str, *, on: bool) -> None:
        """Switch it."""
        assert (name, switch) == ("host-1", "power")
        off = HOST | {"power": on, "switches": [{"name": "power", "label": "Power", "on": on}]}
        self.state = self.state | {"hosts": [off]}
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


def test_the_tour_goes_on_with_a_button_and_is_followed(window: OpenWindow, slack: LocalSlack) -> None:
    """The button begins the next scene; a window that follows becomes whoever acts."""
    waiting = {"number": 0, "total": 6, "title": "A tour", "text": "", "lines": [], "person": ""}
    tour = SimpleNamespace(state={**waiting, "state": "waiting", "next": "Begin"})

    def go_on() -> None:
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
