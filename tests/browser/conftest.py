"""A local Slack with a scripted bot, and windows of people in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from sandbox.deployment import team_with_manifest
from sandbox.slack import LocalSlack
from tests.conftest import cannot
from tests.kits.browser import Windows, chromium, missing
from tests.kits.scripted_bot import ScriptedBot

OpenWindow = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, for one file: another one in the same process would need its own event loop."""
    if reason := missing():
        cannot(reason)
    with chromium() as running:
        yield running


@pytest.fixture
def slack() -> Iterator[LocalSlack]:
    """A local Slack."""
    with LocalSlack(team_with_manifest()) as local:
        yield local


@pytest.fixture
def bot(slack: LocalSlack) -> Iterator[ScriptedBot]:
    """A scripted bot for it."""
    with ScriptedBot(slack) as running:
        yield running


@pytest.fixture
def window(browser: Browser, slack: LocalSlack, bot: ScriptedBot) -> Iterator[OpenWindow]:
    """Opens a window of a person. An error of its scripts fails the test."""
    del bot
    windows = Windows(browser, slack.url)
    yield windows.open
    windows.close()
    assert windows.errors == []
