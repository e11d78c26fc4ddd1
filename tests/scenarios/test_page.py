"""The page beside a whole bot: a newcomer switches a host's power off, and sees what Swarmbot says of it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from sandbox.deployment import Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.shell import until
from sandbox.fleet.slow_shell import STARTS, shell_is_slow
from sandbox.slack.page.hosts import HostsPanel
from tests.conftest import cannot
from tests.kits.browser import Windows, chromium, feed, missing, type_text
from tests.kits.scenario import config, stop_ssh_sessions
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


@pytest.mark.long
@pytest.mark.parametrize(
    ("switch", "on_host", "told"),
    [
        ("Cable", re.compile("down.*cable cut"), "host-4 (worker) is down"),
        ("Engine", re.compile("engine stopped · down"), "the engine of host-4 is stopped"),
    ],
)
def test_a_host_is_cut_off_and_told(
    scenario: WatchScenario, windows: Windows, switch: str, on_host: re.Pattern[str], told: str
) -> None:
    """By its cable or its engine: the engines see it, watch reports it, and its return ends the incident."""
    scenario.cluster(workers=("host-4",))
    scenario.watched()
    ada, eve = windows.open("ada", panel="hosts"), windows.open("eve", panel="hosts")
    host = ada.get_by_role("region", name="host-4")
    expect(host).to_contain_text("ready, active", timeout=TOLD_TIMEOUT_MS)
    host.get_by_role("switch", name=switch).click()
    expect(host).to_contain_text(on_host, timeout=TOLD_TIMEOUT_MS)
    assert scenario.nodes()["host-4"].startswith("Down")
    expect(feed(eve)).to_contain_text(told, timeout=TOLD_TIMEOUT_MS)
    type_text(ada, "/swarm hosts")
    expect(feed(ada)).to_contain_text("3 of 4 hosts of prod respond", timeout=TOLD_TIMEOUT_MS)
    eve.get_by_role("region", name="host-4").get_by_role("switch", name=switch).click()
    expect(feed(ada)).to_contain_text("Resolved after", timeout=TOLD_TIMEOUT_MS)
    expect(host).to_contain_text("ready, active", timeout=TOLD_TIMEOUT_MS)
    assert scenario.nodes()["host-4"] == "Ready Active"


@pytest.mark.long
def test_a_slow_shell_is_switched_and_nothing_is_refused(scenario: WatchScenario, windows: Windows) -> None:
    """The next connection starts it, and a host with it joins; switched off, it is gone."""
    scenario.cluster()
    ada = windows.open("ada", panel="hosts")
    shell = ada.get_by_role("region", name="host-4").get_by_role("switch", name="Slow shell")
    host = scenario["host-4"]
    shell.click()
    until(lambda: shell_is_slow(host), "the shell of host-4 is slow", timeout=TOLD_TIMEOUT_S)
    expect(shell).to_be_enabled(timeout=TOLD_TIMEOUT_MS)
    expect(shell).to_be_checked(timeout=TOLD_TIMEOUT_MS)
    stop_ssh_sessions(host)
    host.start_ssh()
    type_text(ada, "/swarm join worker host-4")
    expect(feed(ada)).to_contain_text("1 worker joined prod", timeout=TOLD_TIMEOUT_MS)
    assert host.run("cat", STARTS).startswith("start")
    shell.click()
    until(lambda: not shell_is_slow(host), "the shell of host-4 starts as before", timeout=TOLD_TIMEOUT_S)
    expect(shell).not_to_be_checked(timeout=TOLD_TIMEOUT_MS)


@pytest.mark.long
@pytest.mark.parametrize(
    ("button", "failed"),
    [
        ("429 on the next post", "429"),
        ("429 on the next edit", "429"),
        ("Refuse the next plan block", "chat.postMessage"),
        ("Break the bot's next call", "the connection broke"),
        ("Deliver the next request twice", ""),
        ("Be away for 60 s", "the connection broke"),
    ],
)
def test_a_change_is_told_once_whatever_slack_does(
    scenario: WatchScenario, windows: Windows, button: str, failed: str
) -> None:
    """The button is pressed, a change is typed, and everybody sees one card, which ends; the inspector shows both."""
    scenario.stand(workers=("host-4",))
    scenario.change("cleo", "label host-4 zone=before")  # so Slack has just said who is an administrator
    eve = windows.open("eve")
    cleo = windows.open("cleo", panel="inspector")
    zone = re.sub(r"\W", "", button)
    cleo.get_by_role("button", name=button).click()
    expect(cleo.get_by_role("complementary", name="Details")).to_contain_text("Waiting: ")
    type_text(cleo, f"/swarm label host-4 zone={zone}")
    done = feed(eve).locator(".message").filter(has_text=f"zone={zone}")
    expect(done).to_contain_text("✓", timeout=2 * TOLD_TIMEOUT_MS)
    expect(done).to_have_count(1)
    expect(done.get_by_role("button", name="Cancel")).to_have_count(0)
    if failed:
        expect(cleo.locator(".exchange.failed").filter(has_text=failed).first).to_be_visible()
    else:
        for row in cleo.locator(".exchange").filter(has=cleo.get_by_text("command", exact=True)).all()[:2]:
            row.locator("summary").click()
            expect(row).to_contain_text(f"zone={zone}")
    scenario.quiet()
    expect(done).to_have_count(1)
