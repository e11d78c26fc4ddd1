"""``python -m tests.browser.screenshots``: the README's pictures, of a whole bot on real Docker hosts.

Five hosts, a bot that watches, and windows of people in Chromium; each picture is of messages that were really sent.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect

from sandbox.deployment import PEOPLE, ROOT, Deployment
from sandbox.fleet import Fleet
from sandbox.fleet.image import TASK_IMAGE
from sandbox.slack.page.hosts import HostsPanel
from tests.kits.browser import Windows, chromium, feed, missing, type_text

FOLDER: Final = ROOT / "docs" / "pictures"
TOLD_TIMEOUT_MS: Final = 90_000
TOLD: Final = re.compile(r"host-5 \(manager\) is (unreachable|down)")
WATCH: Final = {"poll": "1s", "quiet_poll": "5s", "group_interval": "5s"}


def main() -> int:
    """Take all pictures into docs/pictures; return the exit status."""
    if reason := missing():
        sys.stderr.write(f"{reason}\n")
        return 1
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="swarmbot-pictures-") as folder, Fleet(Path(folder, "fleet")) as fleet:
        config = {**fleet.config(), **PEOPLE, "watch": WATCH}
        with (
            Deployment(fleet, Path(folder, "deployment"), watchers=1, config=config) as deployment,
            HostsPanel.beside(deployment.slack, fleet),
            chromium() as browser,
        ):
            _take(Windows(browser, deployment.slack.url), fleet)
    return 0


def _take(windows: Windows, fleet: Fleet) -> None:
    cleo, dan = windows.open("cleo", height=860, panel="hosts"), windows.open("dan", width=1000, height=640)
    _type(cleo, "init host-1 --dispatcher-heartbeat 5s", "its only manager")
    _type(cleo, "join worker host-3 host-4", "2 workers joined prod")
    _type(cleo, 'join manager host-2 --reason "host-1 is alone"', "asks to join 1 manager")
    _press(dan, "Approve", "1 manager joined prod", of="managers 1 → 2")
    _type(cleo, 'join manager host-5 --reason "tolerate one failure"', "tolerates 0 → 1 failure", of="asks to join")
    _save(dan, "approval")
    _press(dan, "Approve", "✓ 1 manager joined prod in", of="managers 2 → 3")
    service = ("service", "create", "--detach", "--name", "web", "--replicas", "6", TASK_IMAGE)
    fleet["host-1"].docker(*service)
    expect(cleo.get_by_role("region", name="host-5")).to_contain_text("manager, reachable", timeout=TOLD_TIMEOUT_MS)
    _type(cleo, "label host-3 zone=a", "zone=a")
    _type(cleo, "label host-4 zone=b", "zone=b")
    ada = windows.open("ada", width=760, height=1180, dark=True)
    type_text(ada, "/swarm map")
    expect(feed(ada).locator("img").last).to_have_js_property("complete", value=True, timeout=TOLD_TIMEOUT_MS)
    _save(ada, "map")
    host = cleo.get_by_role("region", name="host-5")
    host.get_by_role("switch", name="Power").click()
    expect(feed(cleo)).to_contain_text(TOLD, timeout=TOLD_TIMEOUT_MS)
    _save(cleo, "incident")
    dark = windows.open("ada", width=390, height=844, dark=True, scale=2)
    expect(feed(dark)).to_contain_text(TOLD, timeout=TOLD_TIMEOUT_MS)
    _save(dark, "phone-dark")
    inspected = windows.open("cleo", height=860, dark=True, panel="inspector")
    expect(feed(inspected)).to_contain_text(TOLD, timeout=TOLD_TIMEOUT_MS)
    _save(inspected, "inspector-dark")
    windows.close()


def _type(page: Page, text: str, expects: str, *, of: str = "") -> None:
    """Type a command, and wait until the newest message with ``of`` says ``expects``."""
    type_text(page, f"/swarm {text}")
    messages = feed(page).locator(".message").filter(has_text=of or expects)
    expect(messages.last).to_contain_text(expects, timeout=TOLD_TIMEOUT_MS)


def _press(page: Page, label: str, expects: str, *, of: str) -> None:
    """Press the newest button with a label, and wait until the newest message with ``of`` says ``expects``."""
    feed(page).get_by_role("button", name=label).last.click()
    expect(feed(page).locator(".message").filter(has_text=of).last).to_contain_text(expects, timeout=TOLD_TIMEOUT_MS)


def _save(page: Page, name: str) -> None:
    page.evaluate("() => document.activeElement?.blur()")
    page.mouse.move(0, 0)
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    sys.exit(main())
