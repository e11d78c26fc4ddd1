"""The page works with the keyboard alone, passes axe, and fits a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from sandbox.slack.page.page import FOLDER
from tests.browser.conftest import OpenWindow
from tests.conftest import cannot
from tests.kits.browser import feed, type_text

AXE = FOLDER / "node_modules/axe-core/axe.min.js"


def _serious(page: Page) -> list[str]:
    """Return axe's serious and critical violations."""
    if not AXE.exists():
        cannot("npm's axe-core is not installed")
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]} {each['nodes'][0]['failureSummary']}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


@pytest.mark.parametrize(
    ("width", "dark"),
    [
        (390, False),
        (1280, True),
        *(pytest.param(*each, marks=pytest.mark.long) for each in ((390, True), (1280, False))),
    ],
)
def test_axe_finds_nothing_serious(window: OpenWindow, width: int, *, dark: bool) -> None:
    """Contrast, names and roles, with messages of each kind, the inspector, and a form with an error."""
    cleo = window("cleo", width=width, dark=dark)
    for text in ("token worker", "join worker host-3", "promote host-3", "nodes", "hosts", "why"):
        type_text(cleo, f"/swarm {text}")
    expect(feed(cleo)).to_contain_text("right to left")
    assert _serious(cleo) == []
    cleo.get_by_role("button", name="Inspector").click()
    cleo.locator(".exchange summary").first.click()
    assert _serious(cleo) == []
    cleo.get_by_role("button", name="Close").click()
    type_text(cleo, "/swarm deny k7f3")
    cleo.get_by_role("dialog").get_by_role("button", name="Deny").click()
    assert _serious(cleo) == []


def test_the_keyboard_is_enough(window: OpenWindow) -> None:
    """Type a command, reach the button by Tab, confirm it, change the channel and the person: no mouse."""
    dan = window("dan")
    dan.keyboard.type("/swarm promote host-3")
    dan.keyboard.press("Enter")
    approve = feed(dan).get_by_role("button", name="Approve")
    expect(approve).to_be_visible()
    for _ in range(40):
        if approve.evaluate("node => node === document.activeElement"):
            break
        dan.keyboard.press("Shift+Tab")
    dan.keyboard.press("Enter")
    expect(dan.get_by_role("dialog")).to_be_visible()
    dan.keyboard.press("Tab")
    dan.keyboard.press("Enter")
    expect(feed(dan)).to_contain_text("You cannot approve your own request.")
    dan.locator("#person").focus()
    dan.keyboard.press("ArrowDown")
    expect(dan).to_have_title("# prod as eve: local Slack")


def test_a_phone_shows_everything(window: OpenWindow) -> None:
    """At 390 pixels nothing is wider than the window; channels and hosts open over it."""
    ada = window("ada", width=390)
    for text in ("token worker", "join worker host-3", "nodes"):
        type_text(ada, f"/swarm {text}")
    expect(feed(ada)).to_contain_text("host-1")
    assert ada.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert feed(ada).evaluate("node => node.scrollWidth <= node.clientWidth")
    ada.get_by_role("button", name="Channels and people").click()
    ada.get_by_role("button", name="lab").click()
    expect(ada.get_by_role("heading", level=1)).to_have_text("# lab")
