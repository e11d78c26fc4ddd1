"""Windows of people in headless Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from sandbox.slack.page.page import BUILT

SEEN_TIMEOUT_MS: Final = 60_000
"""For a machine of two cores that is busy with Docker hosts."""


def missing() -> str:
    """Return why this machine cannot show the page; empty if it can."""
    if which("chromium") is None:
        return "Debian package chromium is not installed"
    return "" if (BUILT / "main.js").exists() else "the page is not built: run `bash sandbox/setup.sh dev`"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium without a display."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-sync"]
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=arguments)
        try:
            yield browser
        finally:
            browser.close()


class Windows:
    """Windows of one local Slack, each with cookies and storage of its own; errors of their scripts are collected."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._contexts: list[BrowserContext] = []
        self.errors: list[str] = []

    def open(
        self,
        person: str,
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        panel: str = "",
        scale: int = 1,
        zone: str = "Etc/UTC",
    ) -> Page:
        """Open a window in which somebody acts as ``person``, and return when it shows their messages."""
        context = self._browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=scale,
            color_scheme="dark" if dark else "light",
            timezone_id=zone,
        )
        self._contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(SEEN_TIMEOUT_MS)
        page.set_default_navigation_timeout(SEEN_TIMEOUT_MS)
        expect.set_options(SEEN_TIMEOUT_MS)
        page.on("pageerror", lambda error: self.errors.append(f"{person}: {error}"))
        page.goto(f"{self._url}/?as={person}&panel={panel}")
        page.get_by_role("log").wait_for()
        return page

    def close(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            context.close()


def type_text(page: Page, text: str) -> None:
    """Type into the message box and send it."""
    page.locator("#composer").fill(text)
    page.locator("#composer").press("Enter")


def feed(page: Page) -> Locator:
    """Return the channel's messages."""
    return page.get_by_role("log", name="Messages in")
