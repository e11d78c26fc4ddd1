"""The page beside a whole bot: a newcomer switches a host's power off, and sees what Swarmbot says of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.slack.page.hosts import HostsPanel
from tests.conftest import cannot
from tests.kits.browser import Windows, chromium, feed, missing, type_text
from tests.kits.scenario import config
from tests.kits.watch_scenario import TOLD_TIMEOUT_S, WatchScenario

TOLD_TIMEOUT_MS = TOLD_TIMEOUT_S * 1000


@pytest.fixture
def scenario(fleet: Fleet, deployment: Deployment) -> Iterator[WatchScenario]:
    """A bot with a watch process, and the hosts beside its page."""
    scenario = WatchScenario(deployment)
    scenario.reset()
    with HostsPanel.beside(deployment.slack, fleet):
        yield scenario
    deployment.slack.page.hosts = None


@pytest.fixture(scope="module")
def deployment(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A bot that watches."""
    settings = {**config(fleet), "watch": {"poll": "1s", "quiet_poll": "5s", "group_interval": "5s"}}
    with Deployment(fleet, tmp_path_factory.mktemp("page"), watchers=1, config=settings) as deployment:
        yield deployment


@pytest.fixture
def windows(scenario: WatchScenario) -> Iterator[Windows]:
    """Windows of people in Chromium."""
    if reason := missing():
        cannot(reason)
    with chromium() as browser:
        windows = Windows(browser, scenario.slack.url)
        yield windows
        windows.close()
    assert windows.errors == []


def test_a_power_cut_is_switched_and_told(scenario: WatchScenario, windows: Windows) -> None:
    """The cluster is made in the page; a switch cuts a worker's power; the incident comes by itself, and ends."""
    cleo, eve = windows.open("cleo", panel="hosts"), windows.open("eve", panel="hosts")
    type_text(cleo, "/swarm init host-1 --dispatcher-heartbeat 5s")
    expect(feed(eve)).to_contain_text("its only manager", timeout=TOLD_TIMEOUT_MS)
    type_text(cleo, "/swarm join worker host-4")
    expect(feed(eve)).to_contain_text("1 worker joined prod", timeout=TOLD_TIMEOUT_MS)
    host = eve.get_by_role("region", name="host-4")
    expect(host).to_contain_text("ready, active", timeout=TOLD_TIMEOUT_MS)
    assert scenario.nodes()["host-4"] == "Ready Active"
    scenario.watched()
    host.get_by_role("switch", name="Power").click()
    expect(host).to_contain_text("power off", timeout=TOLD_TIMEOUT_MS)
    assert not scenario["host-4"].up
    expect(feed(cleo)).to_contain_text("host-4 (worker) is down", timeout=TOLD_TIMEOUT_MS)
    cleo.get_by_role("region", name="host-4").get_by_role("switch", name="Power").click()
    expect(feed(eve)).to_contain_text("Resolved after", timeout=TOLD_TIMEOUT_MS)
    expect(host).to_contain_text("ready, active", timeout=TOLD_TIMEOUT_MS)
    type_text(cleo, "/swarm token worker")
    expect(feed(cleo)).to_contain_text("SWMTKN-", timeout=TOLD_TIMEOUT_MS)
    expect(feed(eve)).not_to_contain_text("SWMTKN-")
