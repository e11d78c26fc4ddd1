"""A local Slack with a scripted bot, and windows of people in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from shutil import which

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from sandbox.slack import LocalSlack
from sandbox.slack.page.page import BUILT
from tests.conftest import cannot
from tests.kits.scripted_bot import ScriptedBot

OpenWindow = Callable[..., Page]
SEEN_TIMEOUT_MS = 10_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    chromium = which("chromium")
    if chromium is None:
        cannot("Debian package chromium is not installed")
    if not (BUILT / "main.js").exists():
        cannot("the page is not built: npm is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack."""
    with LocalSlack() as local:
        yield local


@pytest.fixture
def bot(slack: LocalSlack) -> Iterator[ScriptedBot]:
    """A scripted bot for it."""
    with ScriptedBot(slack) as running:
        yield running


@pytest.fixture
def window(browser: Browser, slack: LocalSlack, bot: ScriptedBot) -> Iterator[OpenWindow]:
    """Opens a window of a person, with cookies and storage of its own. An error of its scripts fails the test."""
    del bot
    contexts, errors = [], []

    def open_window(person: str, *, width: int = 1280, dark: bool = False, panel: str = "") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme="dark" if dark else "light", timezone_id="Etc/UTC"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SEEN_TIMEOUT_MS)
        page.on("pageerror", lambda error: errors.append(f"{person}: {error}"))
        page.goto(f"{slack.url}/?as={person}&panel={panel}")
        page.get_by_role("log").wait_for()
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert errors == []
